import { describe, expect, it } from 'vitest'
import { edgeRate, LowestLately, NetworkMargin, StallPenalty } from '../../web/player/edge-rate.ts'

const atTarget = { latency: 0.63, target: 0.63, lowestBuffer: 0.4, safety: 0.2, rate: 1 }

describe('the playback rate near the live edge', () => {
  it('is plain at the target', () => {
    expect(edgeRate(atTarget)).toBe(1)
  })

  it('rises with the distance, also with less than a second buffered', () => {
    expect(edgeRate({ ...atTarget, latency: 0.93, lowestBuffer: 0.7 })).toBe(1.24)
    expect(edgeRate({ ...atTarget, latency: 1.13, lowestBuffer: 0.9 })).toBe(1.4)
  })

  it('never exceeds half as fast again', () => {
    expect(edgeRate({ ...atTarget, latency: 5, lowestBuffer: 4.5 })).toBe(1.5)
  })

  it('does not eat the buffer that jitter needs', () => {
    expect(edgeRate({ ...atTarget, latency: 2, lowestBuffer: 0.2 })).toBe(1)
  })

  it('slows down rather than run dry', () => {
    expect(edgeRate({ ...atTarget, latency: 0.7, lowestBuffer: 0.05 })).toBe(0.95)
  })

  it('does not slow down far behind: there the buffer is empty because nothing comes', () => {
    expect(edgeRate({ ...atTarget, latency: 9, lowestBuffer: 0 })).toBe(1)
  })

  it('starts later than it stops, so that it does not flutter', () => {
    const slightlyBehind = { ...atTarget, latency: 0.68, lowestBuffer: 0.45 }
    expect(edgeRate({ ...slightlyBehind, rate: 1 })).toBe(1)
    expect(edgeRate({ ...slightlyBehind, rate: 1.1 })).toBe(1.05)
  })
})

it('slows down when it is nearer to the edge than the network allows, until it is not', () => {
  expect(edgeRate({ ...atTarget, latency: 0.63, target: 1.2 })).toBe(0.5)
  expect(edgeRate({ ...atTarget, latency: 0.63, target: 0.9 })).toBe(0.9)
  expect(edgeRate({ ...atTarget, latency: 0.8, target: 0.9 })).toBe(0.95)
  expect(edgeRate({ ...atTarget, latency: 0.87, target: 0.9, rate: 0.95 })).toBe(0.95)
  expect(edgeRate({ ...atTarget, latency: 0.87, target: 0.9, rate: 1 })).toBe(1)
  expect(edgeRate({ ...atTarget, latency: 0.89, target: 0.9, rate: 0.95 })).toBe(1)
})

describe('what the network asks for', () => {
  it('is some round trips at first, then the slowest load of the last ones', () => {
    const margin = new NetworkMargin()
    expect(margin.seconds).toBe(0)
    margin.roundTrip(0.05)
    expect(margin.seconds).toBeCloseTo(0.2)
    margin.loaded(0.31)
    expect(margin.seconds).toBeCloseTo(0.31)
    for (let load = 0; load < 100; load += 1) margin.loaded(0.02)
    expect(margin.seconds).toBeCloseTo(0.02)
  })

  it('has a limit', () => {
    const margin = new NetworkMargin()
    margin.loaded(7)
    expect(margin.seconds).toBe(0.35)
  })
})

describe('what stalls teach', () => {
  it('adds up, has a limit and is forgotten', () => {
    const penalty = new StallPenalty()
    expect(penalty.seconds(0)).toBe(0)
    penalty.stalled(0)
    penalty.stalled(0)
    expect(penalty.seconds(0)).toBeCloseTo(0.4)
    expect(penalty.seconds(60_000)).toBeCloseTo(0.1)
    expect(penalty.seconds(600_000)).toBe(0)
    for (let stall = 0; stall < 50; stall += 1) penalty.stalled(700_000)
    expect(penalty.seconds(700_000)).toBe(1.5)
  })
})

it('keeps the least value of its span and no longer', () => {
  const lowest = new LowestLately(1500)
  expect(lowest.add(0.5, 0)).toBe(0.5)
  expect(lowest.add(0.2, 500)).toBe(0.2)
  expect(lowest.add(0.6, 1000)).toBe(0.2)
  expect(lowest.add(0.6, 2100)).toBe(0.6)
})
