import { z } from 'zod'
import { cleanTerm } from './blocked-terms.ts'
import { modes, noticeRights } from './protocol.ts'

/** What opens a connection to the chat, once and within a minute. */
export const ticketJson = z.object({
  ticket: z.string(),
  /** Path of the socket on this origin; the ticket goes in as a subprotocol, `t.<ticket>`, behind `chat.v1`. */
  url: z.string(),
})
export type TicketJson = z.infer<typeof ticketJson>

const room = z.string().max(40)
const id = z.coerce
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1)
export const MAX_TERMS = 200
const MAX_TIMEOUT_SECONDS = 1_209_600

export const roomParams = z.strictObject({ room })
export const personParams = z.strictObject({ room, user: id })
export const messageParams = z.strictObject({ room, message: id })
/** Its colons are not part of it. */
export const emoteParams = z.strictObject({ room, name: z.string().regex(/^[a-z0-9_]{2,24}$/) })
export const termParams = z.strictObject({ room, term: z.string().max(300) })

/** As it is matched: words apart by one blank, in small letters. */
const blockedTerm = z
  .string()
  .max(50)
  .transform(cleanTerm)
  .refine((term) => term !== '')
export const termBody = z.strictObject({ term: blockedTerm })

/** What is left out stays. */
export const roomPatch = z.strictObject({
  /** Seconds between two messages of one person. */
  slow: z.int().min(0).max(3600).optional(),
  /** `followers` in a channel's room alone; `enrolled` in a channel's (in a course of its owner) and a course's. */
  mode: z.enum(modes).optional(),
  frozen: z.boolean().optional(),
  /** Who may push a notice to everybody in it. */
  notices: z.enum(noticeRights).optional(),
  blocked_terms: z
    .array(blockedTerm)
    .max(MAX_TERMS)
    .transform((terms) => [...new Set(terms)])
    .optional(),
})
export type RoomPatch = z.output<typeof roomPatch>

export const banBody = z.strictObject({
  user: z.int().positive(),
  /** Null for ever; two weeks at most. */
  seconds: z.int().min(1).max(MAX_TIMEOUT_SECONDS).nullable().default(null),
  reason: z.string().trim().max(200).default(''),
})

/** `<epoch>:<number>` of the oldest message that one has. */
const cursor = z
  .string()
  .regex(/^[0-9a-f-]{1,40}:\d{1,10}$/)
  .transform((text) => {
    const [epoch = '', seq] = text.split(':')
    return { epoch, seq: Math.min(Number(seq), 2 ** 31 - 1) }
  })
export type MessageCursor = z.output<typeof cursor>

export const messagesQuery = z.object({
  before: cursor.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
})
export const searchQuery = messagesQuery.extend({
  /** Words, all of which must be in it, in any of their forms or beginning a longer one. */
  q: z.string().trim().min(1).max(100),
})
export const purgeQuery = z.strictObject({ user: id })
export const pagedQuery = z.object({ page: z.string().optional(), page_size: z.string().optional() })

const personJson = z.object({ id: z.int(), display_name: z.string(), avatar_url: z.string().nullable() })
export type PersonJson = z.infer<typeof personJson>

export const emoteJson = z.object({
  /** Written as `:name:`. */
  name: z.string(),
  url: z.string(),
  is_animated: z.boolean(),
})
export type EmoteJson = z.infer<typeof emoteJson>
export const emotesJson = z.array(emoteJson)

export const roomJson = z.object({
  id: z.string(),
  kind: z.enum(['lobby', 'channel', 'course']),
  /** Of the channel or the course; empty for the lobby. */
  title: z.string(),
  /** Of the caller: 0 reads, 1 writes, 2 moderates, 3 appoints moderators, too. */
  rank: z.int().min(0).max(3),
  /** In which modes the caller may write; who moderates may in all. */
  modes: z.array(z.enum(modes)),
  slow: z.int(),
  mode: z.enum(modes),
  frozen: z.boolean(),
  notices: z.enum(noticeRights),
  pin: z.object({ seq: z.int(), author: z.string(), text: z.string() }).nullable(),
  emotes: z.array(emoteJson),
  /** Signed in and not, each once. */
  viewers: z.int(),
  /** The caller's own: they may not write. */
  ban: z.object({ until: z.string().nullable() }).nullable(),
  /** For moderators only. */
  blocked_terms: z.array(z.string()).optional(),
})
export type RoomJson = z.infer<typeof roomJson>

export const memberJson = z.object({ user: personJson, added_at: z.string() })
export type MemberJson = z.infer<typeof memberJson>

export const banJson = z.object({
  user: personJson,
  /** Null for ever. */
  until: z.string().nullable(),
  reason: z.string(),
  by: personJson.nullable(),
  created_at: z.string(),
})
export type BanJson = z.infer<typeof banJson>

export const messageJson = z.object({
  /** To delete it by. */
  id: z.int(),
  /** What the chat's own protocol knows it by: `e` and `s`. */
  epoch: z.string(),
  seq: z.int(),
  /** With the name that they had when they wrote it, and the picture that they have now; null when the account is gone. */
  author: z.object({ id: z.int().nullable(), name: z.string(), avatar_url: z.string().nullable() }),
  rank: z.int().min(0).max(3),
  text: z.string(),
  /** `seq` of the message that it answers. */
  reply_to: z.int().nullable(),
  /** The moment of the show that its author was watching. */
  watched_at: z.string().nullable(),
  sent_at: z.string(),
})
export type MessageJson = z.infer<typeof messageJson>

/** Newest first. */
export const messagesJson = z.object({
  results: z.array(messageJson),
  /** The `before` of the next older ones; null at the beginning. */
  next: z.string().nullable(),
})
export type MessagesJson = z.infer<typeof messagesJson>

export const termsJson = z.array(z.string())

/** What a moderator did; never what a message said. */
export const deedJson = z.object({
  id: z.int(),
  actor: personJson.nullable(),
  /** `chat.del`, `chat.purge`, `chat.timeout`, `chat.ban`, `chat.unban`, `chat.pin`, `chat.slow`, `chat.appoint` … */
  action: z.string(),
  details: z.record(z.string(), z.unknown()),
  created_at: z.string(),
})
export type DeedJson = z.infer<typeof deedJson>
