/**
 * One broadcast, from the first publisher's connect to the last archived byte, across reconnects and restarts.
 *
 *   connecting ──▶ probing ──▶ live ⇄ waiting ──▶ draining ──▶ ended
 *       └────────────┴──────────┴────────┴───────────┴──────▶ failed
 *
 *   connecting  the key was accepted; no media yet
 *   probing     up to two seconds of media, to choose a ladder, and until a player could start
 *   live        playlists are public; parts appear
 *   waiting     the publisher was lost, or this process restarted; 30 s to come back
 *   draining    no publisher any more; ffmpeg flushes, the recording is closed
 *   ended       the recording plays; uploads may still run
 *   failed      as ended, but the recording may be short; `cause` says why
 *
 * Only `#become` changes the state, and only along these arrows.
 */
export type SessionState = 'connecting' | 'probing' | 'live' | 'waiting' | 'draining' | 'ended' | 'failed'

/** The arrows. */
export const nextStates: Record<SessionState, readonly SessionState[]> = {
  connecting: ['probing', 'waiting', 'draining', 'failed'],
  probing: ['live', 'waiting', 'draining', 'failed'],
  live: ['waiting', 'draining', 'failed'],
  waiting: ['probing', 'live', 'draining', 'failed'],
  draining: ['ended', 'failed'],
  ended: [],
  failed: [],
}
