import { describe, expect, it } from 'vitest'
import { type PlaybackFacts, playbackState } from '../../web/player/playback-state.ts'

const playing: PlaybackFacts = {
  isLoaded: true,
  isRefused: false,
  hasEnded: false,
  isPaused: false,
  hasShownFrame: true,
  isLive: true,
  canPlay: true,
  playlistAgeMs: 200,
  growthAgeMs: 200,
}

describe('what a viewer is told', () => {
  it.each([
    ['nothing is loaded', { isLoaded: false }, 'idle'],
    ['the first frame is awaited', { hasShownFrame: false, canPlay: false }, 'loading'],
    ['frames come', {}, 'playing'],
    ['the viewer stopped it', { isPaused: true }, 'paused'],
    ['the network is slow for a moment', { canPlay: false }, 'buffering'],
    ['the playlist no longer grows', { canPlay: false, growthAgeMs: 4000 }, 'waiting'],
    ['the playlist no longer comes', { canPlay: false, playlistAgeMs: 7000, growthAgeMs: 7000 }, 'reconnecting'],
    ['the show is over', { hasEnded: true, isPaused: true }, 'ended'],
    ['the token was revoked', { isRefused: true, canPlay: false }, 'refused'],
    ['a recording loads', { isLive: false, canPlay: false, playlistAgeMs: 60_000, growthAgeMs: 60_000 }, 'buffering'],
  ] as const)('when %s', (_when, facts, state) => {
    expect(playbackState({ ...playing, ...facts })).toBe(state)
  })

  it('says nothing of a publisher who is away while there is something left to show', () => {
    expect(playbackState({ ...playing, growthAgeMs: 4000 })).toBe('playing')
  })
})
