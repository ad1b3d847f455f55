/**
 * What a viewer is told.
 *
 *   idle ──▶ loading ──▶ playing ⇄ paused, buffering, waiting, reconnecting ──▶ ended
 *                └──────────┴──▶ refused (until a new address comes)
 */
export type PlaybackState =
  | 'idle'
  | 'loading'
  | 'playing'
  | 'paused'
  | 'buffering'
  /** The playlist comes but does not grow: the publisher is away. */
  | 'waiting'
  /** The server does not answer. */
  | 'reconnecting'
  | 'ended'
  /** The address is not, or no longer, good for this viewer. */
  | 'refused'

export interface PlaybackFacts {
  isLoaded: boolean
  isRefused: boolean
  hasEnded: boolean
  isPaused: boolean
  hasShownFrame: boolean
  isLive: boolean
  /** The element has what the next moment needs. */
  canPlay: boolean
  /** Since the playlist last came, and since it last grew; null when it never did. */
  playlistAgeMs: number | null
  growthAgeMs: number | null
}

/** A playlist that holds requests answers after 1.6 s at the latest, and grows five times a second. */
const SILENT_MS = 5000
const STILL_MS = 2500

export function playbackState(facts: PlaybackFacts): PlaybackState {
  if (!facts.isLoaded) return 'idle'
  if (facts.isRefused) return 'refused'
  if (facts.hasEnded) return 'ended'
  if (facts.isPaused && facts.hasShownFrame) return 'paused'
  if (facts.canPlay && facts.hasShownFrame) return 'playing'
  const isSilent = facts.playlistAgeMs !== null && facts.playlistAgeMs > SILENT_MS
  if (facts.isLive && isSilent) return 'reconnecting'
  if (facts.isLive && facts.growthAgeMs !== null && facts.growthAgeMs > STILL_MS) return 'waiting'
  return facts.hasShownFrame ? 'buffering' : 'loading'
}
