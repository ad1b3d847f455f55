import type { Present, Rank, RoomMode, RoomSettings } from './protocol.ts'

/** Somebody's place in a room. */
export interface Place {
  rank: Rank
  /** The modes in which they may write, should a moderator set one of them. */
  modes: readonly RoomMode[]
}

/** By `u:<account>`, or `guest`; null for whoever may not even read. */
export interface Places {
  places: Readonly<Record<string, Place | null>>
}

export interface Crowd {
  people: readonly Present[]
  guests: number
}

export interface RoomRules {
  /** As `blocked-terms.ts` compares them. */
  blockedTerms: readonly string[]
  /** Names of its emotes. */
  emotes: readonly string[]
  /** As they were last kept: for a Redis that knows nothing of the room. */
  settings: RoomSettings
  /** Until when, milliseconds since 1970; 0 for ever. */
  bans: readonly { uid: string; untilMs: number }[]
}

/**
 * What the hub asks of the platform, which alone knows accounts, courses and who moderates. Answers may be remembered for
 * half a minute; what changes is told on `chat:ctl`.
 */
export interface ChatHost {
  /** Null when there is no such room. */
  rules(room: string): Promise<RoomRules | null>
  /**
   * @param uid null for any guest
   * @returns null when they may not even read
   */
  place(room: string, uid: string | null): Promise<Place | null>
  /** Who is in it, on any node; moderators first, then by name. */
  present(room: string): Promise<Crowd>
}
