import { describe, expect, it } from 'vitest'
import {
  admit,
  cleanRanges,
  MAX_RANGES,
  mergeRanges,
  type Range,
  secondsOf,
  unite,
} from '../../../server/progress/ranges.ts'

/** The same on every run: mulberry32. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

function someRanges(roll: () => number, most = 30, length = 500): Range[] {
  return Array.from({ length: Math.floor(roll() * most) }, (): Range => {
    const from = Math.round(roll() * length * 1000) / 1000
    return [from, Math.round((from + roll() * 30) * 1000) / 1000]
  }).filter(([from, to]) => to > from)
}

const SEEDS = 300

const isInOrder = (ranges: Range[]) =>
  ranges.every(([from, to], index) => from < to && (index === 0 || from > (ranges[index - 1]?.[1] ?? 0)))
const covers = (ranges: Range[], second: number) => ranges.some(([from, to]) => second >= from && second < to)

describe('watched ranges', () => {
  it('are the same set of seconds merged as apart', () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const roll = dice(seed)
      const ranges = someRanges(roll)
      const merged = mergeRanges(ranges)
      expect(isInOrder(merged)).toBe(true)
      expect(mergeRanges(merged)).toEqual(merged)
      expect(mergeRanges(ranges.toReversed())).toEqual(merged)
      for (let probe = 0; probe < 50; probe += 1) {
        const second = roll() * 550
        expect(covers(merged, second)).toBe(covers(ranges, second))
      }
    }
  })

  it('come out the same in whatever order heartbeats arrive', () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const roll = dice(seed)
      const [a, b, c] = [someRanges(roll), someRanges(roll), someRanges(roll)]
      const whole = unite(a, b, c)
      expect(unite(unite(a, b), c)).toEqual(whole)
      expect(unite(c, unite(b, a))).toEqual(whole)
      expect(unite(whole, a)).toEqual(whole)
    }
  })

  it('never shrink, and grow no faster than there was time for', () => {
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const roll = dice(seed)
      const known = unite(someRanges(roll))
      const claimed = someRanges(roll, 60)
      const credit = roll() * 100
      const admitted = admit(known, claimed, credit)
      expect(isInOrder(admitted)).toBe(true)
      expect(secondsOf(admitted)).toBeGreaterThanOrEqual(secondsOf(known))
      expect(secondsOf(admitted)).toBeLessThanOrEqual(secondsOf(known) + credit + 0.001)
      expect(unite(admitted, known)).toEqual(admitted)
      expect(unite(known, claimed, admitted)).toEqual(unite(known, claimed))
    }
  })

  it('are bounded in number; the smallest gaps are closed', () => {
    const many = Array.from({ length: 250 }, (_, index): Range => [index * 10, index * 10 + 5 + (index % 3)])
    const bounded = unite(many)
    expect(bounded).toHaveLength(MAX_RANGES)
    expect(isInOrder(bounded)).toBe(true)
    expect(secondsOf(bounded)).toBeGreaterThan(secondsOf(many))
    expect(bounded.at(0)?.[0]).toBe(0)
    expect(bounded.at(-1)?.[1]).toBe(many.at(-1)?.[1])
  })

  it('cost what closing a gap gives: nobody gains by jumping about', () => {
    const known = unite(Array.from({ length: MAX_RANGES }, (_, index): Range => [index * 100, index * 100 + 1]))
    const admitted = admit(known, [[50, 50.5]], 1)
    expect(secondsOf(admitted) - secondsOf(known)).toBeLessThanOrEqual(1)
  })

  it('leave out what cannot have been watched', () => {
    const nonsense: Range[] = [
      [Number.NaN, 5],
      [1, Number.NaN],
      [-3, 5],
      [0, Number.POSITIVE_INFINITY],
      [9, 2],
      [4, 4],
      [700, 800],
      [90, 700],
    ]
    expect(cleanRanges(nonsense, 600)).toEqual([[90, 600]])
    expect(cleanRanges([], 600)).toEqual([])
  })
})
