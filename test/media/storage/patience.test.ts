import { expect, it } from 'vitest'
import { ObjectStoreError } from '../../../media/storage/object-store.ts'
import { Patience } from '../../../media/storage/patience.ts'

const trouble = (kind: 'passing' | 'busy' | 'lasting') => new ObjectStoreError('unavailable', 'away', { trouble: kind })

/** Fails so often, then succeeds. */
function failing(times: number, error: Error) {
  const calls: number[] = []
  const work = async () => {
    calls.push(performance.now())
    if (calls.length <= times) throw error
    return calls.length
  }
  return { work, calls }
}

it('tries again what may pass, with growing pauses', async () => {
  const waits: number[] = []
  const patience = new Patience({ limitMs: 10_000, firstMs: 4, longestMs: 16, onWait: (_error, ms) => waits.push(ms) })
  expect(await patience.of(failing(4, trouble('passing')).work)).toBe(5)
  for (const [index, most] of [6, 12, 24, 24].entries()) {
    expect(waits[index]).toBeGreaterThanOrEqual(most / 3)
    expect(waits[index]).toBeLessThanOrEqual(most)
  }
})

it.each([
  trouble('lasting'),
  new ObjectStoreError('full', 'full'),
  new ObjectStoreError('mismatch', 'other'),
  new Error('a bug'),
])('does not try again what will not pass: %o', async (error) => {
  const { work, calls } = failing(9, error)
  await expect(new Patience({ limitMs: 10_000, firstMs: 1 }).of(work)).rejects.toBe(error)
  expect(calls.length).toBe(1)
})

it('gives up after its limit, with the last error', async () => {
  const patience = new Patience({ limitMs: 60, firstMs: 5 })
  await expect(patience.of(failing(1000, trouble('passing')).work)).rejects.toMatchObject({ code: 'unavailable' })
})

it('lets all wait when the store asks one of them for fewer requests', async () => {
  let busyUntil = 0
  const onWait = (_error: unknown, ms: number) => {
    busyUntil = Math.max(busyUntil, performance.now() + ms)
  }
  const patience = new Patience({ limitMs: 10_000, firstMs: 60, onWait })
  const told = failing(1, trouble('busy'))
  const first = patience.of(told.work)
  await expect.poll(() => busyUntil, { interval: 1 }).toBeGreaterThan(0)
  const other = failing(0, trouble('busy'))
  await Promise.all([first, patience.of(other.work)])
  // Timers may be a millisecond early.
  expect(other.calls[0]).toBeGreaterThanOrEqual(busyUntil - 2)
})

it('ends when it is told to, by either signal', async () => {
  const { work } = failing(1000, trouble('passing'))
  const all = new AbortController()
  const one = new AbortController()
  const patience = new Patience({ limitMs: 60_000, firstMs: 60_000, signal: all.signal })
  const runs = [patience.of(work), patience.of(work, one.signal)]
  one.abort(new Error('one'))
  await expect(runs[1]).rejects.toThrow()
  all.abort(new Error('all'))
  await expect(runs[0]).rejects.toThrow()
})
