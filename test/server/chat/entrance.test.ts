import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Entrance } from '../../../server/chat/entrance.ts'

/** The clock is the test's: a tick comes every 20 ms, unless the test says that the loop was busy. */
let inside: number[]
let entrance: Entrance<number>
let lostMs: number

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  lostMs = 0
  const clock = performance.now.bind(performance)
  vi.spyOn(performance, 'now').mockImplementation(() => clock() + lostMs)
  inside = []
  entrance = new Entrance(1000, (who) => inside.push(who))
})

afterEach(() => {
  entrance[Symbol.dispose]()
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const come = (count: number) => {
  for (let i = 0; i < count; i += 1) entrance.come(i)
}
/** The loop does nothing else for so long: one tick comes, late. */
const busy = (ms: number) => {
  lostMs += ms
  vi.advanceTimersToNextTimer()
}

describe('the entrance of a hub', () => {
  it('lets a single one in at once, and a herd in its order, at the pace that it is given', () => {
    come(1)
    expect(inside).toEqual([0])
    vi.advanceTimersByTime(100)
    inside = []
    come(500)
    expect(inside).toHaveLength(20)
    vi.advanceTimersByTime(200)
    expect(inside.length).toBeGreaterThanOrEqual(200)
    expect(inside.length).toBeLessThanOrEqual(240)
    vi.advanceTimersByTime(400)
    expect(inside).toEqual([...Array(500).keys()])
    expect(entrance.size).toBe(0)
  })

  it('lets in fewer while the loop lags, and more again when it does not', () => {
    come(5000)
    for (let i = 0; i < 12; i += 1) busy(200)
    const before = inside.length
    vi.advanceTimersByTime(20)
    expect(inside.length - before).toBeLessThanOrEqual(2)
    expect(inside.length - before).toBeGreaterThanOrEqual(1)
    vi.advanceTimersByTime(1000)
    const later = inside.length
    vi.advanceTimersByTime(100)
    expect(inside.length - later).toBeGreaterThanOrEqual(95)
  })

  it('never stands still, and says when waiting is no use', () => {
    come(9_000)
    expect(entrance.isFull).toBe(false)
    come(1)
    for (let i = 0; i < 40; i += 1) busy(2000)
    expect(entrance.isFull).toBe(true)
    expect(entrance.waitSeconds).toBeGreaterThan(10)
    const before = inside.length
    for (let i = 0; i < 10; i += 1) busy(2000)
    expect(inside.length).toBeGreaterThan(before)
  })

  it('forgets who went away while they waited', () => {
    come(100)
    for (let i = 20; i < 99; i += 1) entrance.gone(i)
    vi.advanceTimersByTime(40)
    expect(inside).toEqual([...Array(20).keys(), 99])
  })
})
