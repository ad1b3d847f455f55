import Router from '@koa/router'
import { z } from 'zod'
import { User } from '../accounts/user.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { parse, type RequestState } from '../http/request.ts'
import { isSame } from '../http/session-cookie.ts'
import { findPlace, findPlaces, findRules } from './find-place.ts'
import { findPresent } from './find-present.ts'
import type { Crowd, Place, Places, RoomRules } from './host.ts'

const byRoom = z.object({ room: z.string().max(40) })
/** Of many at once: a hub that was killed sends all it had to another one. */
const ofPeople = z.object({ of: z.string().regex(/^(guest|u:[1-9]\d{0,8})(,(guest|u:[1-9]\d{0,8})){0,499}$/) })

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

  router.get('/:room/places', async (ctx) => {
    const { room } = parse(byRoom, ctx.params)
    const of = parse(ofPeople, ctx.query).of.split(',')
    const { em } = ctx.state
    const users = await em.find(User, {
      id: { $in: of.filter((uid) => uid !== 'guest').map((uid) => Number(uid.slice(2))) },
    })
    const known = users.filter((user) => user.maySignIn()).map(({ id, role }) => ({ id, role }))
    const places: Record<string, Place | null> = Object.fromEntries(of.map((uid) => [uid, null]))
    for (const [id, place] of await findPlaces(em, room, known)) places[`u:${id}`] = place
    if ('guest' in places) places.guest = await findPlace(em, room, null)
    ctx.body = { places } satisfies Places
  })

  return router
}
