import { describe, expect, it } from 'vitest'
import type { Ladder, Rendition } from '../../../media/ladder/ladder.ts'
import { LoadWatch } from '../../../media/ladder/load.ts'

function rendition(name: string, height: number, isCopied = false): Rendition {
  const base = { name, height, width: (height * 16) / 9, frameRate: 30, isCopied }
  return { ...base, bandwidthBps: 1, videoBitrateBps: 1, audioBitrateBps: 1 }
}

const copied: Ladder = {
  renditions: [rendition('720p', 720, true), rendition('480p', 480), rendition('360p', 360)],
  keyframes: 'source',
}
const encoded: Ladder = { renditions: [rendition('720p', 720), rendition('480p', 480)], keyframes: 'each-second' }

/** One sample a second; answers the second and the name of the first shed. */
function watch(ladder: Ladder, sample: (second: number) => { speed: number | null; backlogBytes: number }) {
  const load = new LoadWatch()
  for (let second = 0; second < 60; second++) {
    const shed = load.shed(ladder, { ...sample(second), atMs: second * 1000 })
    if (shed) return { second, shed }
  }
  return null
}

describe('a rendition is shed', () => {
  it('when ffmpeg is slower than real time and its backlog grows: the most expensive encoded one', () => {
    const slow = (second: number) => ({ speed: 0.8, backlogBytes: second * 60_000 })
    expect(watch(copied, slow)).toMatchObject({ shed: '480p' })
    expect(watch(encoded, slow)).toMatchObject({ shed: '720p' })
  })

  it('within ten seconds', () => {
    expect(watch(copied, (second) => ({ speed: 0.8, backlogBytes: second * 60_000 }))?.second).toBeLessThan(10)
  })

  it('when the backlog stays large, whatever the speed', () => {
    expect(watch(copied, () => ({ speed: 1, backlogBytes: 6 << 20 }))).toMatchObject({ shed: '480p' })
  })
})

describe('nothing is shed', () => {
  it('at real time', () => {
    expect(watch(copied, () => ({ speed: 1, backlogBytes: 10_000 }))).toBeNull()
  })

  it('when the publisher sends too little: slow, but nothing waits', () => {
    expect(watch(copied, () => ({ speed: 0.5, backlogBytes: 0 }))).toBeNull()
  })

  it('while a burst is worked off', () => {
    expect(
      watch(copied, (second) => ({ speed: 1.3, backlogBytes: Math.max(0, 3_000_000 - second * 100_000) })),
    ).toBeNull()
  })

  it('for a hiccup of two seconds', () => {
    const hiccup = (second: number) =>
      second === 20 || second === 21 ? { speed: 0.7, backlogBytes: second * 20_000 } : { speed: 1, backlogBytes: 0 }
    expect(watch(copied, hiccup)).toBeNull()
  })

  it('before the speed is known', () => {
    expect(watch(copied, (second) => ({ speed: null, backlogBytes: second * 50_000 }))).toBeNull()
  })

  it('of the last rendition, or of a copied one', () => {
    const slow = (second: number) => ({ speed: 0.5, backlogBytes: second * 500_000 })
    expect(watch({ ...copied, renditions: copied.renditions.slice(0, 1) }, slow)).toBeNull()
    expect(watch({ ...encoded, renditions: encoded.renditions.slice(0, 1) }, slow)).toBeNull()
  })
})

it('a new run has five seconds to settle', () => {
  const load = new LoadWatch()
  const slow = (second: number) => load.shed(copied, { speed: 0.8, backlogBytes: second * 60_000, atMs: second * 1000 })
  const shedAt = Array.from({ length: 10 }, (_, second) => second).find((second) => slow(second) !== null) ?? -1
  expect(shedAt).toBeGreaterThanOrEqual(8)
  load.reset()
  for (let second = shedAt + 1; second < shedAt + 6; second++) expect(slow(second)).toBeNull()
})
