import { tellPeople } from '../chat/control.ts'
import type { Context } from '../context.ts'
import { pushedKinds } from './kinds.ts'
import { Notification } from './notification.ts'
import type { Push } from './send-pushes.job.ts'

/** Seconds that a page shows it. */
const SHOWN_SECONDS = 5
const PUSHES_A_JOB = 500

/**
 * Says notices to the pages that their people have open, and hands them on for their devices.
 *
 * Every device is pushed to: only its own browser knows whether one of our pages is before somebody's eyes there, and the
 * service worker shows nothing then. What the hubs know of connections would say it of the person, not of the device, and
 * a laptop left open at home must not keep the phone quiet.
 */
export async function deliverNotices(
  { orm, redis, queue, push, log }: Pick<Context, 'orm' | 'redis' | 'queue' | 'push' | 'log'>,
  { notices: ids }: { notices: number[] },
): Promise<void> {
  const em = orm.em.fork()
  const notices = await em.find(Notification, { id: { $in: ids } })
  for (const same of Map.groupBy(notices, ({ cause, kind }) => `${kind} ${cause}`).values()) {
    const [first] = same
    if (!first) continue
    const { kind, data, url, cause } = first
    const uids = same.map(({ user }) => `u:${user.id}`)
    await tellPeople(redis, uids, {
      ...{ t: 'ntf', id: cause, level: 'info', text: '', from: '', ttl: SHOWN_SECONDS },
      about: { kind, data, url },
    }).catch((error: unknown) => log.warn({ error }, 'open pages could not be told of a notice'))
  }
  if (!push) return
  const pushed = notices.filter(({ kind }) => pushedKinds.has(kind))
  const targets = await em.execute<Push[]>(
    `select n.id as notice, s.id as subscription
       from notification n join push_subscription s on s.user_id = n.user_id
      where n.id in (select value::int from jsonb_array_elements_text(?::jsonb))
      order by s.id`,
    [JSON.stringify(pushed.map(({ id }) => id))],
  )
  for (let i = 0; i < targets.length; i += PUSHES_A_JOB) {
    await queue.add('send-pushes', { pushes: targets.slice(i, i + PUSHES_A_JOB), attempt: 1 })
  }
}
