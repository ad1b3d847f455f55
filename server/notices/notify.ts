import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import type { NoticeKind } from './kinds.ts'

export interface Notice {
  kind: NoticeKind
  /** What it came of, at most 64 characters: nobody is told twice of the same. */
  cause: string
  data: Record<string, string>
  /** A path of ours. */
  url: string
}

/**
 * Tells people of something: on their pages and devices once the transaction of `tx` is in the database, and not at all when
 * it is taken back. Who was told of this cause before, or may no longer sign in, is left out.
 *
 * @returns how many are told
 */
export async function notify(
  tx: EntityManager,
  queue: Queue,
  people: readonly number[],
  { kind, cause, data, url }: Notice,
): Promise<number> {
  if (people.length === 0) return 0
  const rows = await tx.execute<{ id: number }[]>(
    `insert into notification (user_id, kind, cause, data, url, created_at)
     select u.id, ?, ?, ?::jsonb, ?, now()
       from users u
      where u.id in (select value::int from jsonb_array_elements_text(?::jsonb)) and u.is_active and u.deleted_at is null
      order by u.id
     on conflict (user_id, cause) do nothing
     returning id`,
    [kind, cause, JSON.stringify(data), url.slice(0, 255), JSON.stringify(people)],
  )
  if (rows.length > 0) await queue.add('deliver-notices', { notices: rows.map(({ id }) => id) }, { em: tx })
  return rows.length
}
