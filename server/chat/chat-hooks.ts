import Router from '@koa/router'
import { z } from 'zod'
import { User } from '../accounts/user.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { parse, type RequestState } from '../http/request.ts'
import { isSame } from '../http/session-cookie.ts'
import { findPlace, findRules } from './find-place.ts'
import { findPresent } from './find-present.ts'
import type { Crowd, Place, RoomRules } from './host.ts'

const byRoom = z.object({ room: z.string().max(40) })
const byPerson = byRoom.extend({ uid: z.string().regex(/^(guest|u:[1-9]\d{0,8})$/) })

/** What chat hubs ask; past nginx, and closed without the secret. */
export function chatHooks({ config, redis }: Context): Router<RequestState> {
  const router = new Router<RequestState>({ prefix: '/internal/rooms' })

  router.use(async (ctx, next) => {
    if (!isSame(ctx.get('x-internal-secret'), config.secrets.internal)) throw new DomainError('not_found')
    return next()
  })

  router.get('/:room', async (ctx) => {
    const { room } = parse(byRoom, ctx.params)
    ctx.body = { rules: await findRules(ctx.state.em, room) } satisfies { rules: RoomRules | null }
  })

  router.get('/:room/people', async (ctx) => {
    const { room } = parse(byRoom, ctx.params)
    ctx.body = (await findPresent({ em: ctx.state.em, redis, store: config.store }, room)) satisfies Crowd
  })

  router.get('/:room/people/:uid', async (ctx) => {
    const { room, uid } = parse(byPerson, ctx.params)
    const id = uid === 'guest' ? null : Number(uid.slice(2))
    const user = id === null ? null : await ctx.state.em.findOne(User, { id })
    const isGone = id !== null && !user?.maySignIn()
    const place = isGone ? null : await findPlace(ctx.state.em, room, user && { id: user.id, role: user.role })
    ctx.body = { place } satisfies { place: Place | null }
  })

  return router
}
