import type { Config } from '../../config/config.ts'
import type { EntityManager } from '../db/orm.ts'
import { publicUrl } from '../http/public-files.ts'
import type { MessageCursor, MessagesJson } from './contract.ts'

const MAX_WORDS = 8

interface Row {
  id: number
  epoch: string
  seq: number
  author_id: number | null
  author_name: string
  rank: number
  text: string
  reply_to: number | null
  watched_at: Date | null
  sent_at: Date
  avatar: string | null
}

/**
 * Messages of a room as they are kept, newest first; without those that were taken away.
 *
 * @param search words in any of their forms, Russian and English, or beginnings of words; all of them must be in it
 */
export async function findMessages(
  em: EntityManager,
  store: Config['store'],
  room: string,
  { before, limit, search }: { before?: MessageCursor | undefined; limit: number; search?: string },
): Promise<MessagesJson> {
  const words = search === undefined ? [] : wordsOf(search)
  if (search !== undefined && words.length === 0) return { results: [], next: null }
  const rows = await em.execute<Row[]>(
    `select m.id, m.epoch, m.seq, m.author_id, m.rank, m.text, m.reply_to, m.watched_at, m.sent_at, p.avatar,
            case when u.deleted_at is null then m.author_name else p.display_name end as author_name
       from chat_message m left join users u on u.id = m.author_id left join profile p on p.user_id = m.author_id
      where m.room = ? and m.deleted_at is null
        ${words.map(() => 'and chat_words(m.text) @@ chat_query(?)').join(' ')}
        ${before ? `and m.id < ${firstFrom}` : ''}
      order by m.id desc limit ?`,
    [room, ...words, ...(before ? [room, before.epoch, before.seq] : []), limit + 1],
  )
  const shown = rows.slice(0, limit)
  const oldest = shown.at(-1)
  return {
    results: shown.map((row) => ({
      id: row.id,
      epoch: row.epoch,
      seq: row.seq,
      author: {
        id: row.author_id,
        name: row.author_name,
        avatar_url: row.avatar ? publicUrl(store, row.avatar) : null,
      },
      rank: row.rank,
      text: row.text,
      reply_to: row.reply_to,
      watched_at: row.watched_at && new Date(row.watched_at).toISOString(),
      sent_at: new Date(row.sent_at).toISOString(),
    })),
    next: rows.length > limit && oldest ? `${oldest.epoch}:${oldest.seq}` : null,
  }
}

/**
 * A room's rows have ids in the order of its messages. The numbers of one epoch are not those of another, and the line that
 * is named may be no message, or not be written yet: everything is older then.
 */
const firstFrom = `coalesce((select e.id from chat_message e where e.room = ? and e.epoch = ? and e.seq >= ? order by e.seq limit 1), 2147483647)`

/** Letters and digits; what stands between them PostgreSQL does not index either. */
function wordsOf(search: string): string[] {
  const words = search.normalize('NFC').match(/[\p{L}\p{N}]+/gu) ?? []
  return [...new Set(words)].slice(0, MAX_WORDS)
}
