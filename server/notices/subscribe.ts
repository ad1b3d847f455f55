import { LockMode } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import type { Viewer } from '../accounts/viewer.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { SubscriptionBody } from './contract.ts'
import { PushSubscription } from './push-subscription.ts'

/** Browsers of one person; the one that came first makes room. */
const MOST = 10

/**
 * Pushes to a browser from now on. A browser that somebody else was signed in at is the new one's, if it shows the same
 * keys: who has merely heard of an endpoint cannot take it from its owner.
 *
 * @throws {DomainError} `forbidden`
 */
export async function subscribe(
  em: EntityManager,
  { id: userId, family }: Pick<Viewer, 'id' | 'family'>,
  { endpoint, keys, language }: SubscriptionBody,
): Promise<PushSubscription> {
  return em.transactional(async (tx) => {
    // Of two at once the second waits here, and finds what the first has made.
    const user = await tx.findOneOrFail(User, { id: userId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    await tx.execute(
      `insert into push_subscription (user_id, family, endpoint, p256dh, auth, language, created_at)
       values (?, ?, ?, ?, ?, ?, now()) on conflict (endpoint) do nothing`,
      [user.id, family, endpoint, keys.p256dh, keys.auth, language],
    )
    const lock = { lockMode: LockMode.PESSIMISTIC_WRITE }
    const subscription = await tx.findOneOrFail(PushSubscription, { endpoint }, lock)
    const isSame = subscription.p256dh === keys.p256dh && subscription.auth === keys.auth
    if (subscription.user.id !== user.id && !isSame) throw new DomainError('forbidden')
    Object.assign(subscription, { user, family, language, p256dh: keys.p256dh, auth: keys.auth })
    await tx.flush()
    const others = { user, id: { $ne: subscription.id } }
    const old = await tx.find(PushSubscription, others, { orderBy: { id: 'desc' }, offset: MOST - 1, limit: 100 })
    await tx.nativeDelete(PushSubscription, { id: { $in: old.map(({ id }) => id) } })
    return subscription
  })
}
