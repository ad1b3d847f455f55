import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { imageTypes } from '../http/image-upload.ts'
import { publicUrl } from '../http/public-files.ts'
import { requireViewer } from '../http/request.ts'
import { ChatEmote } from './chat-emote.ts'
import { type EmoteJson, emoteJson, emoteParams, emotesJson, roomParams } from './contract.ts'
import { deleteEmote, putEmote, requireSpace } from './edit-emotes.ts'
import { ranks } from './protocol.ts'
import { requireDoer, requireRoom } from './require-room.ts'
import type { RoomDesk } from './room-desk.ts'
import { takeEmote } from './take-emote.ts'

/** Small pictures that people of one room may write, as `:name:`. */
export function emoteRoutes({ config, store, queue, limits, log }: Context, desk: RoomDesk): Api {
  const api = new Api('/api/rooms', 'Chat')

  api.get(
    '/:room/emotes',
    {
      summary: 'The emotes of a room, by name; fifty at most.',
      access: 'anyone',
      params: roomParams,
      answers: { 200: emotesJson },
    },
    async (ctx, { params: { room } }) => {
      const { em, viewer } = ctx.state
      await requireRoom(em, viewer, room)
      ctx.set('Cache-Control', 'no-store')
      ctx.body = (await em.find(ChatEmote, { room }, { orderBy: { name: 'asc' } })).map(present)
    },
  )

  api.put(
    '/:room/emotes/:name/picture',
    {
      summary: 'Add an emote, or give one another picture: the body itself. For moderators.',
      description:
        '1 MB at most; JPEG, PNG, WebP or GIF by its first bytes, of which what moves goes on moving. Kept as WebP, at most 128 by 128. Names are 2 to 24 of a–z, 0–9 and _.',
      access: 'signed-in',
      params: emoteParams,
      upload: imageTypes,
      answers: { 200: emoteJson },
    },
    async (ctx, { params: { room, name } }) => {
      const { em } = ctx.state
      const doer = await requireDoer(em, requireViewer(ctx.state), room, ranks.moderator)
      await limits.take('emote', `u${doer.id}`)
      await requireSpace(em, room, name)
      const taken = await takeEmote(ctx, store)
      try {
        const { emote, version } = await putEmote(em, queue, room, doer, { name, ...taken })
        await desk.emotesChanged(em, room, doer, version)
        ctx.body = present(emote)
      } catch (error) {
        await store
          .delete([taken.picture])
          .catch((cause: unknown) => log.warn({ cause }, 'a picture was left in the store'))
        throw error
      }
    },
  )

  api.delete(
    '/:room/emotes/:name',
    {
      summary: 'Take an emote away; messages show its name then. For moderators.',
      access: 'signed-in',
      params: emoteParams,
      answers: { 204: null },
    },
    async (ctx, { params: { room, name } }) => {
      const { em } = ctx.state
      const doer = await requireDoer(em, requireViewer(ctx.state), room, ranks.moderator)
      const version = await deleteEmote(em, queue, room, doer, name)
      await desk.emotesChanged(em, room, doer, version)
      ctx.status = 204
    },
  )

  function present({ name, picture, isAnimated }: ChatEmote): EmoteJson {
    return { name, url: publicUrl(config.store, picture), is_animated: isAnimated }
  }

  return api
}
