import type { Orm } from '../db/orm.ts'

/**
 * Removes what can matter no more: tokens a week after their end, reports that no node repeats any longer, and after 90
 * days notices, and what a payment provider wrote. Its name stays: a repeated event must not count again. One that was never worked
 * through stays whole, somebody has yet to look at it.
 */
export async function purgeStaleRows(orm: Orm): Promise<void> {
  const em = orm.em.fork()
  await em.execute(
    `delete from auth_token
      where expires_at < now() - interval '7 days' or revoked_at < now() - interval '7 days'
         or used_at < now() - interval '7 days'`,
  )
  await em.execute(`delete from media_event where received_at < now() - interval '30 days'`)
  await em.execute(`delete from notification where created_at < now() - interval '90 days'`)
  await em.execute(
    `update webhook_event set payload = '{}'
      where created_at < now() - interval '90 days' and processed_at is not null and payload <> '{}'`,
  )
}
