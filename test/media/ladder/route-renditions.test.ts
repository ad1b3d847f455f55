import { expect, it } from 'vitest'
import type { Ladder, Rendition } from '../../../media/ladder/ladder.ts'
import { onlyRouted, routeRenditions } from '../../../media/ladder/route-renditions.ts'

const rendition = (height: number): Rendition => ({
  name: `${height}p`,
  width: Math.round((height * 16) / 9),
  height,
  frameRate: 30,
  isCopied: false,
  bandwidthBps: height * 4000,
  videoBitrateBps: height * 3500,
  audioBitrateBps: 128_000,
})
const ladder = (...heights: number[]): Ladder => ({ renditions: heights.map(rendition), keyframes: 'each-second' })
const playlists = [720, 480, 360].map(rendition)

it('keeps every playlist on the output of its own name', () => {
  expect(Object.fromEntries(routeRenditions(playlists, ladder(720, 480, 360)))).toEqual({
    '720p': '720p',
    '480p': '480p',
    '360p': '360p',
  })
})

it('goes on with the next lower output when one was shed', () => {
  expect(routeRenditions(playlists, ladder(720, 360)).get('480p')).toBe('360p')
  expect(routeRenditions(playlists, ladder(480, 360)).get('720p')).toBe('480p')
})

it('takes the lowest output when none is lower', () => {
  expect(routeRenditions(playlists, ladder(1080)).get('360p')).toBe('1080p')
})

it('leaves out outputs that no playlist shows', () => {
  const bigger = ladder(1080, 720, 480, 360)
  const shown = onlyRouted(bigger, routeRenditions(playlists, bigger))
  expect(shown.renditions.map(({ name }) => name)).toEqual(['720p', '480p', '360p'])
})
