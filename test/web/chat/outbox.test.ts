import { beforeEach, expect, it, vi } from 'vitest'
import { isTooLong } from '../../../web/chat/letters.ts'
import { Outbox } from '../../../web/chat/outbox.ts'

/** What a tab keeps over a reload of its page. */
class Storage {
  readonly items = new Map<string, string>()
  getItem = (key: string) => this.items.get(key) ?? null
  setItem = (key: string, value: string) => void this.items.set(key, value)
  removeItem = (key: string) => void this.items.delete(key)
}

beforeEach(() => {
  vi.stubGlobal('sessionStorage', new Storage())
  return () => {
    vi.unstubAllGlobals()
    vi.useRealTimers()
  }
})

function outboxOf(person: number | null, room = 'channel-1'): Outbox {
  const outbox = new Outbox()
  outbox.open(room, person)
  return outbox
}

it('gives back what was written and not sent, to the same person in the same room alone', () => {
  const outbox = outboxOf(7)
  const sent = outbox.add({ body: 'on its way', re: 3 })
  outbox.write('half a thought')
  expect(outboxOf(7).draft).toBe('half a thought')
  expect(outboxOf(7).messages).toEqual([{ ...sent, refusal: null }])
  for (const other of [outboxOf(8), outboxOf(null), outboxOf(7, 'channel-2')]) {
    expect([other.draft, other.messages]).toEqual(['', []])
  }
})

it('forgets a message that the room has said back', () => {
  const outbox = outboxOf(7)
  outbox.remove(outbox.add({ body: 'heard' }).cid)
  expect(outboxOf(7).messages).toEqual([])
})

it('says an old message again only when asked to: the hub no longer knows whether it has it', () => {
  vi.useFakeTimers()
  outboxOf(7).add({ body: 'from before lunch' })
  vi.setSystemTime(Date.now() + 3 * 60_000)
  expect(outboxOf(7).messages[0]?.refusal).toBeNull()
  vi.setSystemTime(Date.now() + 2 * 60_000)
  const late = outboxOf(7)
  expect(late.messages[0]?.refusal).toBe('unsent')
  const [message] = late.messages
  expect(message && late.renew(message)).toMatchObject({ body: 'from before lunch', refusal: null, cid: message?.cid })
})

it('works on where storage is refused, or holds what is none of ours', () => {
  vi.stubGlobal('sessionStorage', {
    getItem: () => '{"messages":7}',
    setItem: () => {
      throw new Error('full')
    },
  })
  const outbox = outboxOf(7)
  outbox.add({ body: 'still here' })
  expect(outbox.messages).toHaveLength(1)
})

it('counts letters as people do, and bytes as the hub does', () => {
  expect(isTooLong('👨‍👩‍👧‍👦'.repeat(80))).toBe(false)
  expect(isTooLong('👨‍👩‍👧‍👦'.repeat(81))).toBe(true)
  expect(isTooLong('я'.repeat(500))).toBe(false)
  expect(isTooLong('я'.repeat(501))).toBe(true)
  expect(isTooLong(`${'a'.repeat(500)}   \n`)).toBe(false)
})
