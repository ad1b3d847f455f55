import { expect, it } from 'vitest'
import { around, following, newer, older, standing, within } from '../../../web/chat/list-window.ts'

const lines = (count: number, first = 0) => Array.from({ length: count }, (_, index) => ({ id: first + index }))
const shown = (entries: { id: number }[], window: { from: number; to: number }) => {
  const ids = within(entries, window).map(({ id }) => id)
  return [ids[0], ids.at(-1), ids.length]
}

it('draws all of a few lines, and the newest of many', () => {
  expect(shown(lines(3), following(lines(3)))).toEqual([0, 2, 3])
  expect(shown(lines(1000), following(lines(1000)))).toEqual([950, 999, 50])
  expect(within([], following([]))).toEqual([])
})

it('never draws many more, however long it follows, and takes old ones away many at a time', () => {
  let window = following([])
  const starts = new Set<number>()
  let most = 0
  for (let count = 0; count < 2000; count += 1) {
    window = following(lines(count), window)
    starts.add(window.from)
    most = Math.max(most, within(lines(count), window).length)
  }
  expect(most).toBeLessThanOrEqual(90)
  expect(starts.size).toBeLessThan(60)
})

it('stays where it is while newer ones come, and when older ones are put before it', () => {
  const window = standing(lines(1000), following(lines(1000)))
  expect(shown(lines(2000), window)).toEqual([950, 999, 50])
  expect(shown(lines(1100, -100), window)).toEqual([950, 999, 50])
})

it('shows older and newer ones step by step, and no more than two hundred at a time', () => {
  const entries = lines(1000)
  let window = standing(entries, following(entries))
  for (let i = 0; i < 10; i += 1) window = older(entries, window)
  expect(shown(entries, window)).toEqual([450, 649, 200])
  for (let i = 0; i < 100; i += 1) window = older(entries, window)
  expect(shown(entries, window)).toEqual([0, 199, 200])
  for (let i = 0; i < 100; i += 1) window = newer(entries, window)
  expect(shown(entries, window)).toEqual([800, 999, 200])
})

it('puts a line that was sought into its midst', () => {
  expect(shown(lines(1000), around(lines(1000), 500))).toEqual([450, 550, 101])
  expect(shown(lines(1000), around(lines(1000), 3))).toEqual([0, 53, 54])
})
