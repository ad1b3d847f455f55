import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { paginate } from '../http/page.ts'
import { requireUser, requireViewer } from '../http/request.ts'
import {
  endpointBody,
  type NoticesJson,
  noticeParams,
  noticesJson,
  type PushKeyJson,
  presentNotice,
  presentSubscription,
  pushKeyJson,
  readBody,
  subscriptionBody,
  subscriptionJson,
  type UnreadJson,
  unreadJson,
} from './contract.ts'
import { countUnread, markRead } from './mark-read.ts'
import { Notification } from './notification.ts'
import { PushSubscription } from './push-subscription.ts'
import { subscribe } from './subscribe.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function noticeRoutes(context: Context): Api[] {
  return [ofNotices(context), ofSubscriptions(context)]
}

function ofNotices({ config, redis }: Context): Api {
  const api = new Api('/api/notifications', 'Notices')

  api.get(
    '/',
    { summary: 'One’s notices of the last 90 days, newest first.', access: 'signed-in', answers: { 200: noticesJson } },
    async (ctx) => {
      const { em } = ctx.state
      const { id: user } = requireViewer(ctx.state)
      const page = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) => em.findAndCount(Notification, { user }, { orderBy: { id: 'desc' }, limit, offset }),
        (rows) => rows.map(presentNotice),
      )
      ctx.set('Cache-Control', 'no-store')
      ctx.body = { ...page, unread: await countUnread(em, user) } satisfies NoticesJson
    },
  )

  api.post(
    '/read',
    {
      summary: 'Marks some of one’s notices as read, or all.',
      access: 'signed-in',
      body: readBody,
      answers: { 200: unreadJson },
    },
    async (ctx, { body }) => {
      const { id } = requireViewer(ctx.state)
      const unread = await markRead(ctx.state.em, redis, id, 'ids' in body ? body.ids : null)
      ctx.body = { unread } satisfies UnreadJson
    },
  )

  api.post(
    '/:id/read',
    {
      summary: 'Marks a notice as read.',
      access: 'signed-in',
      params: noticeParams,
      answers: { 200: unreadJson },
    },
    async (ctx, { params }) => {
      const { id: user } = requireViewer(ctx.state)
      if ((await ctx.state.em.count(Notification, { id: params.id, user })) === 0) throw new DomainError('not_found')
      ctx.body = { unread: await markRead(ctx.state.em, redis, user, [params.id]) } satisfies UnreadJson
    },
  )

  return api
}

function ofSubscriptions({ push }: Context): Api {
  const api = new Api('/api/push-subscriptions', 'Notices')

  api.get(
    '/key',
    {
      summary: 'The key that a browser subscribes to pushes with; null where there are none.',
      access: 'anyone',
      answers: { 200: pushKeyJson },
    },
    async (ctx) => {
      ctx.set('Cache-Control', 'no-cache')
      ctx.body = { public_key: push?.publicKey ?? null } satisfies PushKeyJson
    },
  )

  api.post(
    '/',
    {
      summary: 'Pushes notices to this browser from now on; again to change its language.',
      access: 'signed-in',
      body: subscriptionBody,
      answers: { 201: subscriptionJson },
    },
    async (ctx, { body }) => {
      if (!push) throw new DomainError('push_off')
      await requireUser(ctx.state)
      ctx.status = 201
      ctx.body = presentSubscription(await subscribe(ctx.state.em, requireViewer(ctx.state), body))
    },
  )

  api.delete(
    '/',
    {
      summary: 'Pushes nothing to a browser of one’s own any more.',
      access: 'signed-in',
      body: endpointBody,
      answers: { 204: null },
    },
    async (ctx, { body: { endpoint } }) => {
      const { id: user } = requireViewer(ctx.state)
      await ctx.state.em.nativeDelete(PushSubscription, { endpoint, user })
      ctx.status = 204
    },
  )

  return api
}
