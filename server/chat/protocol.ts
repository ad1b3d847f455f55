import { z } from 'zod'
import type { NoticeKind } from '../notices/kinds.ts'

/** `chat.v1`: what a browser and the hub say to each other over /ws. Times are milliseconds of the server's clock. */

export const SUBPROTOCOL = 'chat.v1'

const roomId = z.string().regex(/^[a-z0-9-]{1,40}$/)
/** Made by the client; the same one again within five minutes is the same message. */
const cid = z.string().regex(/^[\w-]{8,40}$/)
const seq = z.number().int().nonnegative()
/** The end of the year 9999: what is later, PostgreSQL does not read. */
const LAST_MOMENT = 253_402_300_799_999
const uid = z.string().regex(/^[ug]:[\w-]{1,40}$/)

/** Who may write; `emote` is for everybody, but nothing except emoji and the room's own emotes. */
export const modes = ['all', 'followers', 'enrolled', 'mods', 'emote'] as const
export type RoomMode = (typeof modes)[number]
export const noticeRights = ['everyone', 'moderators'] as const

const operations = z.discriminatedUnion('op', [
  z.object({ op: z.literal('del'), s: seq }),
  z.object({ op: z.literal('purge'), uid }),
  z.object({
    op: z.literal('timeout'),
    uid,
    sec: z.number().int().min(1).max(1_209_600),
    why: z.string().max(200).default(''),
  }),
  z.object({ op: z.literal('ban'), uid, why: z.string().max(200).default('') }),
  z.object({ op: z.literal('unban'), uid }),
  z.object({ op: z.literal('pin'), s: seq }),
  z.object({ op: z.literal('unpin') }),
  z.object({ op: z.literal('slow'), sec: z.number().int().min(0).max(3600) }),
  z.object({ op: z.literal('mode'), mode: z.enum(modes) }),
  z.object({ op: z.literal('freeze'), on: z.boolean() }),
  /** Who may push a notice to everybody in the room. */
  z.object({ op: z.literal('notices'), who: z.enum(noticeRights) }),
])
export type ModOperation = z.infer<typeof operations>

const plainFrame = z.discriminatedUnion('t', [
  z.object({ t: z.literal('join'), room: roomId, since: z.object({ e: z.string().max(40), s: seq }).optional() }),
  z.object({ t: z.literal('leave'), room: roomId }),
  z.object({
    t: z.literal('send'),
    room: roomId,
    cid,
    body: z.string(),
    /** The message that this one answers. */
    re: seq.optional(),
    /** What the writer was watching: PROGRAM-DATE-TIME, so that it lands there in the recording. */
    at: z.number().int().positive().max(LAST_MOMENT).optional(),
  }),
  z.object({ t: z.literal('hist'), room: roomId, before: seq, limit: z.number().int().min(1).max(100), cid }),
  /** `from` counts people; only moderators are told of more than the first 200. */
  z.object({ t: z.literal('who'), room: roomId, cid, from: z.number().int().min(0).max(100_000).default(0) }),
  z
    .object({
      t: z.literal('notify'),
      /** One of the two: to everybody in a room, or to every page of the site, which the moderators of the lobby may. */
      room: roomId.optional(),
      site: z.literal(true).optional(),
      cid,
      level: z.enum(['info', 'success', 'warning']).default('info'),
      text: z.string(),
    })
    .refine(({ room, site }) => (room === undefined) !== (site === undefined)),
  z.object({ t: z.literal('auth'), ticket: z.string().max(2000) }),
  z.object({ t: z.literal('ping'), ts: z.number() }),
])
const modFrame = z.object({ t: z.literal('mod'), room: roomId, cid }).and(operations)
export type ModFrame = z.infer<typeof modFrame>
export type ClientFrame = z.infer<typeof plainFrame> | ModFrame

const types: ReadonlySet<unknown> = new Set([...plainFrame.options.map((option) => option.shape.t.value), 'mod'])

/**
 * What a client sent, checked. Fields that nobody knows are ignored, so that an old hub serves a new page.
 *
 * @returns what is wrong with it instead, with its `cid` when there is one
 */
export function parseClientFrame(
  text: string,
): { frame: ClientFrame } | { code: 'bad_json' | 'bad_type' | 'bad_field'; cid?: string } {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { code: 'bad_json' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { code: 'bad_json' }
  const { t, cid: sent } = value as { t?: unknown; cid?: unknown }
  const about = cid.safeParse(sent).success ? { cid: sent as string } : {}
  if (!types.has(t)) return { code: 'bad_type', ...about }
  const { data } = (t === 'mod' ? modFrame : plainFrame).safeParse(value)
  return data ? { frame: data as ClientFrame } : { code: 'bad_field', ...about }
}

/** The connection goes on after each of these. */
export type ChatErrorCode =
  | 'bad_json'
  | 'bad_type'
  | 'bad_field'
  | 'too_large'
  | 'read_only'
  | 'unauthorized'
  | 'forbidden'
  | 'not_member'
  | 'banned'
  | 'timed_out'
  | 'slow_mode'
  | 'rate_limited'
  | 'room_not_found'
  | 'too_many_rooms'
  | 'chat_closed'
  /** The room takes nothing but emoji and its own emotes. */
  | 'emote_only'
  | 'room_busy'
  | 'blocked_term'
  | 'unavailable'
  | 'internal'

/** Why a connection was closed; the number alone says what to do next. */
export const closeCodes = {
  /** This hub stops: come back to another and go on. */
  drain: 1012,
  /** Come back later. */
  overloaded: 1013,
  protocolError: 4400,
  /** Get a new ticket, then go on. */
  ticketExpired: 4401,
  banned: 4403,
  /** Said nothing of who they are within five seconds. */
  noAuth: 4408,
  tooManySockets: 4409,
  /** Wait ten seconds. */
  flood: 4429,
} as const

/** What a client may say, as `hello` has it. */
export const limits = {
  /** Bytes of a frame. */
  frame: 4096,
  /** Of a message: characters as people count them, and bytes. */
  graphemes: 500,
  bytes: 2000,
  /** Rooms of one connection. */
  rooms: 10,
  /** Frames a second, and at once. */
  frames: 20,
  burst: 40,
} as const

/** What a person may do in a room, from least to most; a guest reads. */
export const ranks = { guest: 0, member: 1, moderator: 2, owner: 3 } as const
export type Rank = (typeof ranks)[keyof typeof ranks]

/** One line of a room, numbered without gaps in the order that everybody sees. */
export interface ChatLine {
  s: number
  ts: number
  /** `gone` stands where a deleted line was; it has nothing else. */
  k: 'msg' | 'del' | 'purge' | 'pin' | 'set' | 'sys' | 'gone'
  /** Who: `u:<account>`. */
  u?: string
  /** Their name when they wrote it, and their rank in the room. */
  n?: string
  r?: Rank
  /** Of `msg`: address of their picture when they wrote it; nothing is there any more once they have another. */
  a?: string
  /**
   * Of `msg` and `pin`: text, in which `:name:` is an emote of the room. Of `sys`: `timeout`, `ban` and `unban` of `u`;
   * `join` and `leave` of `u`, whose name is `n`, while at most 50 are here.
   */
  b?: string
  re?: number
  at?: number
  /** Of `del` and `pin`: the line that is meant; null takes the pin away. */
  of?: number | null
  /** Of `set`: the settings as they are now. */
  set?: RoomSettings
}

/** What can be set in a room, as every client is shown it. */
export interface RoomSettings {
  /** Seconds between two messages of one person; 0 for none. */
  slow: number
  mode: RoomMode
  frozen: boolean
  /** Who may push a notice to everybody in it. */
  notices: (typeof noticeRights)[number]
  /** Another number than before: the room's emotes have changed, `GET /api/rooms/<id>/emotes/` has them. */
  emotes: number
}

/** Somebody who is here. */
export interface Present {
  u: string
  n: string
  r: Rank
  /** Address of their picture. */
  a?: string
}

/** Of a notice of one's own: what it is about, for words in the page's language, and where it leads. */
export interface NoticeAbout {
  kind: NoticeKind
  data: Record<string, string>
  url: string
}

export type ServerFrame =
  | {
      t: 'hello'
      v: 1
      /** Names this connection in what the hub writes down. */
      sid: string
      node: string
      now: number
      uid: string
      name: string
      /** Opens the next connection; empty when that takes a ticket. */
      resume: string
      limits: typeof limits
      /** Seconds of silence after which the hub looks whether the client is there. */
      hb: number
    }
  | {
      t: 'joined'
      room: string
      e: string
      s: number
      /** True when `m` goes on right behind what `since` named; else it replaces the list. */
      recovered: boolean
      m: ChatLine[]
      n: number
      pin: ChatLine | null
      set: RoomSettings
      rank: Rank
      /** In which modes they may write; moderators may in all. */
      modes: readonly RoomMode[]
      /** Of a timeout: until when; 0 for a ban. */
      until?: number
    }
  | { t: 'b'; room: string; e: string; m: ChatLine[] }
  | { t: 'ack'; cid: string; room?: string; e: string; s: number }
  | { t: 'hist'; cid: string; room: string; m: ChatLine[]; more: boolean }
  /**
   * Moderators first, then by name; over all hubs, at most three seconds old. `total` counts people, without guests;
   * `next` is the `from` of the next page, null when there is none for who asks.
   */
  | { t: 'who'; cid: string; room: string; people: Present[]; guests: number; total: number; next: number | null }
  | { t: 'err'; cid?: string; room?: string; code: ChatErrorCode; retry?: number }
  | { t: 'cnt'; room: string; n: number }
  | { t: 'live'; room: string; broadcast: string | null; status: 'live' | 'offline' }
  | { t: 'job'; id: string; status: string; progress: number }
  | { t: 'ntf'; id: string; level: string; text: string; from: string; ttl: number; about?: NoticeAbout }
  /** How many notices of theirs they have not read, since they read some on another page. */
  | { t: 'unread'; n: number }
  | { t: 'state'; degraded: boolean }
  | { t: 'reset'; room: string; e: string }
  /** Promoted, demoted, banned, or a follower now. */
  | { t: 'you'; room: string; rank: Rank; modes: readonly RoomMode[]; until?: number }
  | { t: 'exp'; in: number }
  | { t: 'bye'; code: number; after: number }
  | { t: 'pong'; ts: number }
