import { expect, it } from 'vitest'
import { ServerClock } from '../../web/server-clock.ts'

const second = (ms: number): string => new Date(Math.floor(ms / 1000) * 1000).toUTCString()

/** What a server whose clock is `aheadMs` ahead answers to questions asked at uneven times. */
function ask(clock: ServerClock, aheadMs: number, fromMs: number, answers = 40): void {
  for (let index = 0; index < answers; index += 1) {
    const askedAtMs = fromMs + index * 3137
    clock.observe(second(askedAtMs + 10 + aheadMs), askedAtMs, askedAtMs + 20)
  }
}

const start = Date.UTC(2026, 10, 21, 10)

it('takes a device whose clock is right at its word', () => {
  const clock = new ServerClock()
  ask(clock, 0, start)
  expect(clock.offsetMs).toBe(0)
})

it('finds the distance to within tens of milliseconds from headers of whole seconds', () => {
  const clock = new ServerClock()
  ask(clock, 5300, start)
  expect(clock.offsetMs).toBeGreaterThan(5250)
  expect(clock.offsetMs).toBeLessThan(5350)
})

it('believes the newest answers when somebody has set a clock', () => {
  const clock = new ServerClock()
  ask(clock, 0, start, 10)
  ask(clock, -60_000, start + 60_000)
  expect(clock.offsetMs).toBeGreaterThan(-60_050)
  expect(clock.offsetMs).toBeLessThan(-59_950)
})

it('knows nothing without a readable header', () => {
  const clock = new ServerClock()
  clock.observe(null, start, start + 10)
  clock.observe('soon', start, start + 10)
  expect(clock.offsetMs).toBe(0)
})
