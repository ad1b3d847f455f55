/** The hub knows a message by its `cid` for five minutes: sent again after that, it could be there twice. */
const REPEATABLE_MS = 4 * 60_000

/** A message that the room has not said back yet. */
export interface UnsentMessage {
  cid: string
  body: string
  /** The message that it answers. */
  re?: number
  /** What its author was watching, milliseconds of the server's clock. */
  at?: number
  /** When it was first sent, milliseconds since 1970. */
  sentAtMs: number
}

/** What somebody has written in a room and not sent, or sent without an answer. */
export interface Unsent {
  draft: string
  messages: UnsentMessage[]
}

const keyOf = (room: string, person: number) => `chat:${room}:${person}`

/** Kept for this tab and this person: over a reload, not for whoever signs in next. */
export function keepUnsent(room: string, person: number, { draft, messages }: Unsent): void {
  try {
    if (draft === '' && messages.length === 0) sessionStorage.removeItem(keyOf(room, person))
    else sessionStorage.setItem(keyOf(room, person), JSON.stringify({ draft, messages }))
  } catch {
    // Storage is refused: it lives as long as the page does.
  }
}

export function findUnsent(room: string, person: number): Unsent {
  try {
    const kept = JSON.parse(sessionStorage.getItem(keyOf(room, person)) ?? 'null') as Partial<Unsent> | null
    return { draft: kept?.draft ?? '', messages: Array.isArray(kept?.messages) ? kept.messages : [] }
  } catch {
    return { draft: '', messages: [] }
  }
}

/** Whether it may go out by itself, without a risk of being there twice. */
export function isRepeatable({ sentAtMs }: UnsentMessage, nowMs: number): boolean {
  return nowMs - sentAtMs < REPEATABLE_MS
}
