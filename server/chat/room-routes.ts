import type { Viewer } from '../accounts/viewer.ts'
import { AuditLog } from '../admin/audit-log.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { publicUrl } from '../http/public-files.ts'
import { requireViewer } from '../http/request.ts'
import { cleanTerm } from './blocked-terms.ts'
import { ChatBan } from './chat-ban.ts'
import { ChatEmote } from './chat-emote.ts'
import { ChatRoom } from './chat-room.ts'
import {
  type DeedJson,
  deedJson,
  pagedQuery,
  type RoomJson,
  roomJson,
  roomParams,
  roomPatch,
  termBody,
  termParams,
  termsJson,
} from './contract.ts'
import { editTerms, operationsOf } from './edit-room.ts'
import type { Place } from './host.ts'
import { presentPeople } from './present-people.ts'
import { ranks } from './protocol.ts'
import { requireDoer, requireRoom, titleOf } from './require-room.ts'
import type { RoomDesk } from './room-desk.ts'
import { parseRoom } from './room-id.ts'

/** How a room is set, and what was done to it. */
export function roomRoutes({ config }: Context, desk: RoomDesk): Api {
  const api = new Api('/api/rooms', 'Chat')

  api.get(
    '/:room',
    {
      summary: 'A room: how it is set, and what one may do there.',
      description: '`lobby`, `channel-<id>` or `course-<id>`. A course’s is for its learners and staff.',
      access: 'anyone',
      params: roomParams,
      answers: { 200: roomJson },
    },
    async (ctx, { params: { room } }) => {
      const { em, viewer } = ctx.state
      const place = await requireRoom(em, viewer, room)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = await describe(em, viewer, room, place)
    },
  )

  api.patch(
    '/:room',
    {
      summary: 'Change how a room is set; for its moderators. Every open page learns of it at once.',
      access: 'signed-in',
      params: roomParams,
      body: roomPatch,
      answers: { 200: roomJson },
    },
    async (ctx, { params: { room }, body: patch }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      const doer = await requireDoer(em, viewer, room, ranks.moderator)
      const { settings } = await desk.state(em, room)
      await desk.act(em, room, doer, operationsOf(patch, settings))
      const terms = patch.blocked_terms
      if (terms) await changeTerms(em, room, viewer, () => terms)
      ctx.body = await describe(em.fork(), viewer, room, doer.place)
    },
  )

  api.get(
    '/:room/blocked-terms',
    {
      summary: 'Words that members may not write there; for its moderators.',
      access: 'signed-in',
      params: roomParams,
      answers: { 200: termsJson },
    },
    async (ctx, { params: { room } }) => {
      const { em } = ctx.state
      await requireRoom(em, requireViewer(ctx.state), room, ranks.moderator)
      ctx.body = (await em.findOne(ChatRoom, { id: room }))?.blockedTerms ?? []
    },
  )

  api.post(
    '/:room/blocked-terms',
    {
      summary: 'Block one more word; again is harmless.',
      access: 'signed-in',
      params: roomParams,
      body: termBody,
      answers: { 201: termsJson },
    },
    async (ctx, { params: { room }, body: { term } }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      await requireRoom(em, viewer, room, ranks.moderator)
      ctx.status = 201
      ctx.body = await changeTerms(em, room, viewer, (terms) => [...terms, term])
    },
  )

  api.delete(
    '/:room/blocked-terms/:term',
    {
      summary: 'Let a word be written again; again is harmless.',
      access: 'signed-in',
      params: termParams,
      answers: { 204: null },
    },
    async (ctx, { params: { room, term } }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      await requireRoom(em, viewer, room, ranks.moderator)
      const cleaned = cleanTerm(term)
      await changeTerms(em, room, viewer, (terms) => terms.filter((each) => each !== cleaned))
      ctx.status = 204
    },
  )

  api.get(
    '/:room/audit',
    {
      summary: 'Who moderated how, newest first; for its moderators.',
      access: 'signed-in',
      params: roomParams,
      query: pagedQuery,
      answers: { 200: pageOf(deedJson) },
    },
    async (ctx, { params: { room } }) => {
      const { em } = ctx.state
      await requireRoom(em, requireViewer(ctx.state), room, ranks.moderator)
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          em.findAndCount(
            AuditLog,
            { object: `room:${room}` },
            { orderBy: { createdAt: 'desc', id: 'desc' }, limit, offset },
          ),
        async (deeds) => {
          const person = await presentPeople(
            em,
            config.store,
            deeds.map(({ actor }) => actor?.id),
          )
          return deeds.map(
            ({ id, actor, action, details, createdAt }): DeedJson => ({
              id,
              actor: actor ? person(actor.id) : null,
              action,
              details,
              created_at: createdAt.toISOString(),
            }),
          )
        },
      )
    },
  )

  async function changeTerms(
    em: EntityManager,
    room: string,
    by: { id: number },
    change: (terms: readonly string[]) => readonly string[],
  ): Promise<string[]> {
    const terms = await editTerms(em, room, by, change)
    await desk.tell({ kind: 'rules', room })
    return terms
  }

  async function describe(em: EntityManager, viewer: Viewer | null, room: string, place: Place): Promise<RoomJson> {
    const { settings, pin, viewers } = await desk.state(em, room)
    const [title, row, emotes, ban] = await Promise.all([
      titleOf(em, room),
      em.findOne(ChatRoom, { id: room }),
      em.find(ChatEmote, { room }, { orderBy: { name: 'asc' } }),
      viewer && em.findOne(ChatBan, { room, user: viewer.id, $or: [{ until: null }, { until: { $gt: new Date() } }] }),
    ])
    return {
      id: room,
      kind: parseRoom(room)?.kind ?? 'lobby',
      title,
      rank: place.rank,
      modes: [...place.modes],
      slow: settings.slow,
      mode: settings.mode,
      frozen: settings.frozen,
      notices: settings.notices,
      pin: pin && { seq: pin.s, author: pin.n ?? '', text: pin.b ?? '' },
      emotes: emotes.map(({ name, picture, isAnimated }) => ({
        name,
        url: publicUrl(config.store, picture),
        is_animated: isAnimated,
      })),
      viewers,
      ban: ban && { until: ban.until?.toISOString() ?? null },
      ...(place.rank >= ranks.moderator ? { blocked_terms: row?.blockedTerms ?? [] } : {}),
    }
  }

  return api
}
