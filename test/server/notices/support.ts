import { User } from '../../../server/accounts/user.ts'
import { Channel } from '../../../server/channels/channel.ts'
import { ChannelFollow } from '../../../server/channels/channel-follow.ts'
import { deliverNotices } from '../../../server/notices/deliver-notices.job.ts'
import { notifyFollowers } from '../../../server/notices/notify-followers.job.ts'
import { notifyLearners } from '../../../server/notices/notify-learners.job.ts'
import { type Push, sendPushes } from '../../../server/notices/send-pushes.job.ts'
import { takeJobs } from '../../support/mail.ts'
import type { BrowserSubscription } from '../../support/push-service.ts'
import type { TestServer } from '../../support/server.ts'

/** As `npx web-push generate-vapid-keys` prints them. */
export const vapid = {
  VAPID_PUBLIC_KEY: 'BFePryr89MsrxcT7Xn257qqOd3RBOc4eqAf4K12yl1buoyNsahw0bvZ1gc8KT8HJXHMnMFM7rNZrJa7EV-ElpsM',
  VAPID_PRIVATE_KEY: 'vsMqEQxMfltDyexb9dYhUVAbwKP4ms2bYny67JHAIYk',
}

export async function follow(server: TestServer, channel: Channel, ...people: User[]): Promise<void> {
  const em = server.context.orm.em.fork()
  for (const user of people) {
    em.create(ChannelFollow, { channel: em.getReference(Channel, channel.id), user: em.getReference(User, user.id) })
  }
  await em.flush()
}

export async function subscribe(server: TestServer, user: User, browser: BrowserSubscription): Promise<void> {
  const agent = await server.signIn(user)
  await agent.post('/api/push-subscriptions/').send(browser).expect(201)
}

/** What a worker would have done by now; pushes that wait stay. */
export async function work(server: TestServer): Promise<void> {
  const { context } = server
  for (const job of await takeJobs<{ broadcast: string }>(server, 'notify-followers'))
    await notifyFollowers(context, job)
  for (const job of await takeJobs<{ lesson: number; at: string }>(server, 'notify-learners'))
    await notifyLearners(context, job)
  for (const job of await takeJobs<{ notices: number[] }>(server, 'deliver-notices')) await deliverNotices(context, job)
  for (const job of await takeJobs<{ pushes: Push[]; attempt: number }>(server, 'send-pushes')) {
    await sendPushes(context, job)
  }
}

/** The notices of somebody, oldest first. */
export function noticesOf(server: TestServer, user: User): Promise<Record<string, unknown>[]> {
  return server.context.orm.em
    .fork()
    .execute('select id, kind, cause, data, url, read_at from notification where user_id = ? order by id', [user.id])
}
