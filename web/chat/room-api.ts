import type { EmoteJson, MessageJson, MessagesJson } from '../../server/chat/contract.ts'
import type { ChatLine, Rank } from '../../server/chat/protocol.ts'
import { get, send } from '../api.ts'
import type { LinePlace } from './room-log.ts'

const STEP = 60

/** Lines of a room, oldest first, as the platform keeps them. */
export interface KeptLines {
  entries: { e: string; line: ChatLine; messageId?: number }[]
  more: boolean
}

export function pathOf(room: string, rest = ''): string {
  return `/api/rooms/${encodeURIComponent(room)}/${rest}`
}

/** Messages from before one; the newest without one. @throws {ApiError} */
export async function fetchOlder(room: string, before: LinePlace | null): Promise<KeptLines> {
  const query = new URLSearchParams({ limit: String(STEP) })
  if (before) query.set('before', `${before.e}:${before.s}`)
  const { results, next } = await get<MessagesJson>(pathOf(room, `messages/?${query}`))
  return { entries: results.map(asEntry).reverse(), more: next !== null }
}

/** As the chat itself shows it. */
function asEntry({ id, epoch, seq, author, rank, text, reply_to, sent_at }: MessageJson): KeptLines['entries'][number] {
  const line: ChatLine = { s: seq, ts: Date.parse(sent_at), k: 'msg', n: author.name, r: rank as Rank, b: text }
  if (author.id !== null) line.u = `u:${author.id}`
  if (author.avatar_url) line.a = author.avatar_url
  if (reply_to !== null) line.re = reply_to
  return { e: epoch, line, messageId: id }
}

/** Name → address of the picture. @throws {ApiError} */
export async function fetchEmotes(room: string): Promise<ReadonlyMap<string, string>> {
  const emotes = await get<EmoteJson[]>(pathOf(room, 'emotes/'))
  return new Map(emotes.map(({ name, url }) => [name, url]))
}

/** @throws {ApiError} */
export function putEmote(room: string, name: string, picture: File): Promise<EmoteJson> {
  return send<EmoteJson>('PUT', pathOf(room, `emotes/${name}/picture/`), picture)
}
