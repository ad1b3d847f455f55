import { createHash } from 'node:crypto'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { Broadcast } from '../live/broadcast.ts'
import { Notification } from './notification.ts'
import { PushSubscription } from './push-subscription.ts'
import type { PushOutcome, WebPush } from './web-push.ts'
import { wordsOf } from './words.ts'

/** A notice for a device, by their ids. */
export interface Push {
  notice: number
  subscription: number
}

const AT_ONCE = 25
const MAX_ATTEMPTS = 6
const FIRST_WAIT_SECONDS = 30
const TTL_SECONDS = 24 * 3600
/** Nobody comes to a show that was announced longer ago. */
const LIVE_TTL_SECONDS = 2 * 3600

/**
 * Sends pushes. What a push service cannot take now is sent again when it says, else after a while that doubles; who has
 * unsubscribed is forgotten. A worker that dies in between sends some twice: they carry the same tag, and the second takes
 * the first one's place without a sound.
 */
export async function sendPushes(
  { orm, queue, push, log, config }: Pick<Context, 'orm' | 'queue' | 'push' | 'log' | 'config'>,
  { pushes, attempt }: { pushes: Push[]; attempt: number },
): Promise<void> {
  if (!push) return
  const em = orm.em.fork()
  const notices = await stillTrue(em, pushes)
  const subscriptions = await em.find(PushSubscription, { id: { $in: pushes.map(({ subscription }) => subscription) } })
  const byId = new Map(subscriptions.map((subscription) => [subscription.id, subscription]))
  const gone: number[] = []
  const later = new Map<number, Push[]>()
  const waiting = [...pushes]

  async function sendSome(sender: WebPush): Promise<void> {
    for (let one = waiting.pop(); one; one = waiting.pop()) {
      const [notice, subscription] = [notices.get(one.notice), byId.get(one.subscription)]
      // Of a browser that somebody else has signed in at meanwhile they learn nothing.
      if (!notice || !subscription || notice.user.id !== subscription.user.id) continue
      const outcome = await send(sender, notice, subscription)
      if (outcome.kind === 'gone') gone.push(subscription.id)
      else if (outcome.kind === 'refused') {
        log.warn({ status: outcome.status, host: new URL(subscription.endpoint).host }, 'a push was refused')
      } else if (outcome.kind === 'later') {
        // By minutes, so that those who wait go together, and one service's word does not hold up another's.
        const seconds = outcome.afterSeconds ?? FIRST_WAIT_SECONDS * 2 ** (attempt - 1)
        const minute = seconds < 60 ? seconds : Math.ceil(seconds / 60) * 60
        later.set(minute, [...(later.get(minute) ?? []), one])
      }
    }
  }

  await Promise.all(Array.from({ length: Math.min(AT_ONCE, pushes.length) }, () => sendSome(push)))
  await em.nativeDelete(PushSubscription, { id: { $in: gone } })
  for (const [startAfter, waitingOnes] of later) {
    if (attempt >= MAX_ATTEMPTS) log.warn({ pushes: waitingOnes.length }, 'pushes were given up')
    else await queue.add('send-pushes', { pushes: waitingOnes, attempt: attempt + 1 }, { startAfter })
  }

  function send(sender: WebPush, notice: Notification, { endpoint, p256dh, auth, language }: PushSubscription) {
    const { kind, cause, url } = notice
    const { title, body } = wordsOf(notice, language)
    const payload = { id: cause, title, body, url: new URL(url, config.publicUrl).pathname, lang: language }
    return sender
      .send(
        { endpoint, p256dh, auth },
        {
          payload: JSON.stringify(payload),
          ttlSeconds: kind === 'live' ? LIVE_TTL_SECONDS : TTL_SECONDS,
          topic: createHash('sha256').update(cause).digest('base64url').slice(0, 32),
        },
      )
      .catch((error: unknown): PushOutcome => {
        log.warn({ error }, 'a push could not be made')
        return { kind: 'refused', status: null }
      })
  }
}

/** Those that are still worth a sound: not read meanwhile, and of a show that still runs. */
async function stillTrue(em: EntityManager, pushes: readonly Push[]): Promise<Map<number, Notification>> {
  const notices = await em.find(Notification, { id: { $in: pushes.map(({ notice }) => notice) }, readAt: null })
  const shows = notices.filter(({ kind }) => kind === 'live').map(({ cause }) => cause.replace('live:', ''))
  const running = await em.find(Broadcast, { id: { $in: [...new Set(shows)] }, status: 'live' }, { fields: ['id'] })
  const live = new Set(running.map(({ id }) => `live:${id}`))
  return new Map(notices.filter(({ kind, cause }) => kind !== 'live' || live.has(cause)).map((each) => [each.id, each]))
}
