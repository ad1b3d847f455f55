import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { requireViewer } from '../http/request.ts'
import { messageParams, messagesJson, messagesQuery, purgeQuery, roomParams, searchQuery } from './contract.ts'
import { deleteMessage } from './delete-message.ts'
import { findMessages } from './find-messages.ts'
import { ranks } from './protocol.ts'
import { requireDoer, requireRoom, requireTarget } from './require-room.ts'
import type { RoomDesk } from './room-desk.ts'

/** What was said in a room, further back than its hubs remember. */
export function messageRoutes({ config }: Context, desk: RoomDesk): Api {
  const api = new Api('/api/rooms', 'Chat')

  api.get(
    '/:room/messages',
    {
      summary: 'Messages, newest first; `before` goes on where others end.',
      description:
        'For whoever may read in the room. The newest ones arrive here half a second later than in the chat.',
      access: 'anyone',
      params: roomParams,
      query: messagesQuery,
      answers: { 200: messagesJson },
    },
    async (ctx, { params: { room }, query }) => {
      const { em, viewer } = ctx.state
      await requireRoom(em, viewer, room)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = await findMessages(em, config.store, room, query)
    },
  )

  api.get(
    '/:room/messages/search',
    {
      summary: 'Messages with these words in them, newest first.',
      description: 'Russian and English words are found in any of their forms, and by their beginnings.',
      access: 'anyone',
      params: roomParams,
      query: searchQuery,
      answers: { 200: messagesJson },
    },
    async (ctx, { params: { room }, query: { q: search, ...query } }) => {
      const { em, viewer } = ctx.state
      await requireRoom(em, viewer, room)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = await findMessages(em, config.store, room, { ...query, search })
    },
  )

  api.delete(
    '/:room/messages',
    {
      summary: 'Take away everything that somebody has written there; for moderators.',
      access: 'signed-in',
      params: roomParams,
      query: purgeQuery,
      answers: { 204: null },
    },
    async (ctx, { params: { room }, query }) => {
      const { em } = ctx.state
      const doer = await requireDoer(em, requireViewer(ctx.state), room, ranks.moderator)
      const { id } = await requireTarget(em, room, doer, query.user)
      await desk.act(em, room, doer, [{ op: 'purge', uid: `u:${id}` }])
      ctx.status = 204
    },
  )

  api.delete(
    '/:room/messages/:message',
    {
      summary: 'Take a message away: one’s own, or for moderators anybody’s.',
      access: 'signed-in',
      params: messageParams,
      answers: { 204: null },
    },
    async (ctx, { params: { room, message } }) => {
      const { em } = ctx.state
      const doer = await requireDoer(em, requireViewer(ctx.state), room, ranks.member)
      await deleteMessage(em, desk, room, doer, message)
      ctx.status = 204
    },
  )

  return api
}
