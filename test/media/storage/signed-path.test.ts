import { describe, expect, it } from 'vitest'
import { type PathToken, signPathToken, verifyPathToken } from '../../../media/storage/signed-path.ts'

const secret = 'a secret of the tests, and of nothing else'
const now = new Date('2026-11-20T12:00:00Z')
const seconds = now.getTime() / 1000

function aToken(fields: Partial<PathToken> = {}): PathToken {
  return {
    kind: 'recording',
    id: '0123456789abcdef01234567',
    subject: 'u17s42',
    enrollment: null,
    issuedAt: seconds - 60,
    expiresAt: seconds + 3600,
    ...fields,
  }
}

describe('path tokens', () => {
  it.each<[string, Partial<PathToken>]>([
    ['a broadcast for a guest', { kind: 'broadcast', subject: 'gAb3' }],
    ['a recording for an enrollment', { enrollment: 123_456_789_012 }],
    ['a video for a user without a session', { kind: 'video', subject: 'u1' }],
  ])('say what they open, and to whom they were given: %s', (_, fields) => {
    const token = aToken(fields)
    expect(verifyPathToken(signPathToken(token, secret), secret, now)).toEqual(token)
  })

  it('stand in a path as they are', () => {
    const text = signPathToken(aToken({ enrollment: 7 }), secret)
    expect(encodeURIComponent(text)).toBe(text)
    expect(new URL(`http://x/vod/${text}/a`).pathname).toBe(`/vod/${text}/a`)
  })

  it('open nothing when any one character was changed, added or taken away', () => {
    const text = signPathToken(aToken(), secret)
    for (let i = 0; i < text.length; i++) {
      const other = text[i] === '0' ? '1' : '0'
      const edited = [text.slice(0, i) + other + text.slice(i + 1), text.slice(0, i) + text.slice(i + 1)]
      for (const wrong of edited) expect(verifyPathToken(wrong, secret, now), wrong).toBeNull()
      expect(verifyPathToken(`${text.slice(0, i)}0${text.slice(i)}`, secret, now)).toBeNull()
    }
  })

  it('open nothing under another secret', () => {
    expect(verifyPathToken(signPathToken(aToken(), secret), `${secret}.`, now)).toBeNull()
  })

  it('open nothing from the second on in which they expire', () => {
    const text = signPathToken(aToken({ expiresAt: seconds + 1 }), secret)
    expect(verifyPathToken(text, secret, now)).not.toBeNull()
    expect(verifyPathToken(text, secret, new Date(now.getTime() + 999))).not.toBeNull()
    expect(verifyPathToken(text, secret, new Date(now.getTime() + 1000))).toBeNull()
  })

  it.each(['', '.', 'x', '../..', 'r'.repeat(10_000), '\0', 'r.0123456789abcdef01234567.u1..1.2.x'])(
    'are not anything else: %j',
    (text) => expect(verifyPathToken(text, secret, now)).toBeNull(),
  )

  it.each<[string, Partial<PathToken>]>([
    ['an id that is no id', { id: '../../etc/passwd' }],
    ['an id in capitals', { id: '0123456789ABCDEF01234567' }],
    ['a subject with a dot', { subject: 'u1.2' }],
    ['no subject', { subject: '' }],
    ['a negative enrollment', { enrollment: -1 }],
    ['milliseconds', { issuedAt: now.getTime() }],
  ])('are not made with %s', (_, fields) => {
    expect(() => signPathToken(aToken(fields), secret)).toThrow(TypeError)
  })
})
