import { expect, it } from 'vitest'
import { KeyAttempts } from '../../../media/ingest/key-attempts.ts'

function afterFailures(count: number, address = '192.0.2.7') {
  const attempts = new KeyAttempts()
  for (let n = 0; n < count; n++) attempts.failed(address, 0)
  return attempts
}

it('lets an address try five keys without a wait, then makes each wait longer, up to 8 s', () => {
  const delays = Array.from({ length: 11 }, (_, n) => afterFailures(n).delayMs('192.0.2.7', 0))
  expect(delays).toEqual([0, 0, 0, 0, 0, 1000, 2000, 4000, 8000, 8000, 8000])
})

it('slows nobody else', () => {
  expect(afterFailures(50).delayMs('192.0.2.8', 0)).toBe(0)
})

it('forgets after a minute without a failure', () => {
  const attempts = afterFailures(9)
  expect(attempts.delayMs('192.0.2.7', 60_000)).toBe(8000)
  expect(attempts.delayMs('192.0.2.7', 60_001)).toBe(0)
  attempts.failed('192.0.2.7', 60_001)
  expect(attempts.delayMs('192.0.2.7', 60_001)).toBe(0)
})

it('lets one attempt wait at a time', () => {
  const attempts = new KeyAttempts()
  const place = attempts.enter('192.0.2.7')
  expect(attempts.enter('192.0.2.7')).toBeNull()
  expect(attempts.enter('192.0.2.8')).not.toBeNull()
  place?.[Symbol.dispose]()
  expect(attempts.enter('192.0.2.7')).not.toBeNull()
})

it('remembers 10,000 addresses at most, those that failed last', () => {
  const attempts = afterFailures(6, 'first')
  for (let n = 0; n < 9999; n++) attempts.failed(`other-${n}`, 1)
  expect(attempts.delayMs('first', 1)).toBe(2000)
  attempts.failed('one more', 1)
  expect(attempts.delayMs('first', 1)).toBe(0)
})
