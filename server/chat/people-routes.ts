import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { ChatBan } from './chat-ban.ts'
import { ChatModerator } from './chat-moderator.ts'
import {
  type BanJson,
  banBody,
  banJson,
  type MemberJson,
  memberJson,
  pagedQuery,
  personParams,
  roomParams,
} from './contract.ts'
import { appoint, dismiss } from './edit-moderators.ts'
import { presentPeople } from './present-people.ts'
import { ranks } from './protocol.ts'
import { requireDoer, requireRoom, requireTarget } from './require-room.ts'
import type { RoomDesk } from './room-desk.ts'

/** Who keeps order in a room, and who may not write there. */
export function peopleRoutes({ config }: Context, desk: RoomDesk): Api {
  const api = new Api('/api/rooms', 'Chat')

  api.get(
    '/:room/members',
    {
      summary: 'The moderators that its owner has appointed; for moderators.',
      access: 'signed-in',
      params: roomParams,
      query: pagedQuery,
      answers: { 200: pageOf(memberJson) },
    },
    async (ctx, { params: { room } }) => {
      const { em } = ctx.state
      await requireRoom(em, requireViewer(ctx.state), room, ranks.moderator)
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) => em.findAndCount(ChatModerator, { room }, { orderBy: { id: 'asc' }, limit, offset }),
        (rows) => presentMembers(em, rows),
      )
    },
  )

  api.put(
    '/:room/members/:user',
    {
      summary: 'Make somebody a moderator; for the owner. Again is harmless.',
      access: 'signed-in',
      params: personParams,
      answers: { 200: memberJson },
    },
    async (ctx, { params: { room, user } }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      await requireRoom(em, viewer, room, ranks.owner)
      const row = await appoint(em, room, viewer, user)
      await desk.tell({ kind: 'place', room, uid: `u:${user}` })
      ;[ctx.body] = await presentMembers(em, [row])
    },
  )

  api.delete(
    '/:room/members/:user',
    {
      summary: 'Take the moderation from somebody; for the owner.',
      access: 'signed-in',
      params: personParams,
      answers: { 204: null },
    },
    async (ctx, { params: { room, user } }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      await requireRoom(em, viewer, room, ranks.owner)
      await dismiss(em, room, viewer, user)
      await desk.tell({ kind: 'place', room, uid: `u:${user}` })
      ctx.status = 204
    },
  )

  api.get(
    '/:room/bans',
    {
      summary: 'Who may not write there now, newest first; for moderators.',
      access: 'signed-in',
      params: roomParams,
      query: pagedQuery,
      answers: { 200: pageOf(banJson) },
    },
    async (ctx, { params: { room } }) => {
      const { em } = ctx.state
      await requireRoom(em, requireViewer(ctx.state), room, ranks.moderator)
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          em.findAndCount(
            ChatBan,
            { room, $or: [{ until: null }, { until: { $gt: new Date() } }] },
            { orderBy: { id: 'desc' }, limit, offset },
          ),
        (rows) => presentBans(em, rows),
      )
    },
  )

  api.post(
    '/:room/bans',
    {
      summary: 'Shut somebody’s mouth for a while, or for ever; again changes until when.',
      description: 'For moderators, of whoever stands below them. They go on reading.',
      access: 'signed-in',
      params: roomParams,
      body: banBody,
      answers: { 201: banJson },
    },
    async (ctx, { params: { room }, body: { user, seconds, reason: why } }) => {
      const { em } = ctx.state
      const doer = await requireDoer(em, requireViewer(ctx.state), room, ranks.moderator)
      const { id } = await requireTarget(em, room, doer, user)
      const uid = `u:${id}`
      await desk.act(em, room, doer, [
        seconds === null ? { op: 'ban', uid, why } : { op: 'timeout', uid, sec: seconds, why },
      ])
      const fresh = em.fork()
      ctx.status = 201
      ;[ctx.body] = await presentBans(fresh, [await fresh.findOneOrFail(ChatBan, { room, user: id })])
    },
  )

  api.delete(
    '/:room/bans/:user',
    { summary: 'Let somebody write again.', access: 'signed-in', params: personParams, answers: { 204: null } },
    async (ctx, { params: { room, user } }) => {
      const { em } = ctx.state
      const doer = await requireDoer(em, requireViewer(ctx.state), room, ranks.moderator)
      if ((await em.count(ChatBan, { room, user })) === 0) throw new DomainError('ban_not_found')
      await desk.act(em, room, doer, [{ op: 'unban', uid: `u:${user}` }])
      ctx.status = 204
    },
  )

  async function presentMembers(em: EntityManager, rows: ChatModerator[]): Promise<MemberJson[]> {
    const person = await presentPeople(
      em,
      config.store,
      rows.map(({ user }) => user.id),
    )
    return rows.map(({ user, createdAt }) => ({ user: person(user.id), added_at: createdAt.toISOString() }))
  }

  async function presentBans(em: EntityManager, rows: ChatBan[]): Promise<BanJson[]> {
    const person = await presentPeople(
      em,
      config.store,
      rows.flatMap(({ user, by }) => [user.id, by?.id]),
    )
    return rows.map(({ user, until, reason, by, createdAt }) => ({
      user: person(user.id),
      until: until?.toISOString() ?? null,
      reason,
      by: by ? person(by.id) : null,
      created_at: createdAt.toISOString(),
    }))
  }

  return api
}
