import { describe, expect, it } from 'vitest'
import { nextPath } from '../../web/account/next-path.ts'
import { isWorthKeeping } from '../../web/player/resume.ts'
import { pauseAfter } from '../../web/poll-pause.ts'

describe('where to go after signing in', () => {
  it('is the page that asked for it', () => {
    expect(nextPath('?next=%2Fstudio')).toBe('/studio')
    expect(nextPath('')).toBe('/')
  })

  it.each(['https://evil.example', '//evil.example', '/\\evil.example', 'javascript:alert(1)', ''])(
    'is never another site: %s',
    (next) => {
      expect(nextPath(`?next=${encodeURIComponent(next)}`)).toBe('/')
    },
  )
})

describe('the pause between two questions to the API', () => {
  it('is the usual one while answers come', () => {
    expect(pauseAfter(0, 3000, 0.9)).toBe(3000)
  })

  it('grows with failures, up to half a minute, and differs from page to page', () => {
    expect(pauseAfter(1, 3000, 0.5)).toBe(3000)
    expect(pauseAfter(3, 3000, 0.5)).toBe(12_000)
    expect(pauseAfter(20, 3000, 0.5)).toBe(30_000)
    expect(pauseAfter(3, 3000, 0)).toBe(9000)
    expect(pauseAfter(3, 3000, 1)).toBe(15_000)
  })
})

describe('a position worth coming back to', () => {
  it('is neither at the start nor at the end', () => {
    expect(isWorthKeeping(2, 600)).toBe(false)
    expect(isWorthKeeping(300, 600)).toBe(true)
    expect(isWorthKeeping(590, 600)).toBe(false)
    expect(isWorthKeeping(30, 60)).toBe(true)
  })
})
