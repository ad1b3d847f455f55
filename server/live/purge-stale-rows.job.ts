import type { Orm } from '../db/orm.ts'

/** Removes what can matter no more: tokens a week after their end, reports that no node repeats any longer. */
export async function purgeStaleRows(orm: Orm): Promise<void> {
  const em = orm.em.fork()
  await em.execute(
    `delete from auth_token
      where expires_at < now() - interval '7 days' or revoked_at < now() - interval '7 days'
         or used_at < now() - interval '7 days'`,
  )
  await em.execute(`delete from media_event where received_at < now() - interval '30 days'`)
}
