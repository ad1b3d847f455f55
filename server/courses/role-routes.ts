import { z } from 'zod'
import { Profile } from '../accounts/profile.ts'
import { say } from '../chat/control.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { publicUrl } from '../http/public-files.ts'
import { requireViewer } from '../http/request.ts'
import { courseRoles, permissionKeys } from './access.ts'
import { idParams, type PlaceJson, placeJson, placeParams } from './contract.ts'
import { CourseUserRole } from './course-user-role.ts'
import { addPlace, editPlace, removePlace } from './edit-roles.ts'
import { requireCourse } from './standing.ts'

/** Keys of the closed list alone: another one is refused, not kept. */
const permissions = z
  .strictObject(
    Object.fromEntries(permissionKeys.map((key) => [key, z.boolean()])) as Record<
      (typeof permissionKeys)[number],
      z.ZodBoolean
    >,
  )
  .partial()
  .default({})
const placeEdit = z.strictObject({ permissions, is_primary: z.boolean().default(false) })
const placeBody = placeEdit.extend({ user: z.int32().positive(), role: z.enum(courseRoles) })

/** Who runs a course. Rules live in the operations. */
export function roleRoutes({ config, catalogCache, redis, log }: Context): Api {
  const api = new Api('/api/courses', 'Course staff')

  api.get(
    '/:id/roles',
    {
      summary: 'The staff of a course, for its staff.',
      access: 'signed-in',
      params: idParams,
      answers: { 200: pageOf(placeJson) },
    },
    async (ctx, { params }) => {
      const { em } = ctx.state
      await requireCourse(em, requireViewer(ctx.state), params.id, 'assign_assistants')
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          em.findAndCount(
            CourseUserRole,
            { course: params.id },
            { orderBy: { isPrimary: 'desc', id: 'asc' }, limit, offset },
          ),
        (rows) => present(em, rows),
      )
    },
  )

  api.post(
    '/:id/roles',
    {
      summary: 'Make somebody part of the staff.',
      access: 'signed-in',
      params: idParams,
      body: placeBody,
      answers: { 201: placeJson },
    },
    async (ctx, { params, body: { is_primary: isPrimary, ...body } }) => {
      const { em } = ctx.state
      const place = await addPlace(em, requireViewer(ctx.state), params.id, { ...body, isPrimary })
      await catalogCache.bump()
      await rankChanged(params.id, place.user.id)
      ctx.status = 201
      ctx.body = (await present(em, [place]))[0]
    },
  )

  api.put(
    '/:id/roles/:place',
    {
      summary: 'Replace the permissions of somebody of the staff, and whether they are the one who is shown.',
      access: 'signed-in',
      params: placeParams,
      body: placeEdit,
      answers: { 200: placeJson },
    },
    async (ctx, { params, body }) => {
      const { em } = ctx.state
      const where = { course: params.id, place: params.place }
      const change = { permissions: body.permissions, isPrimary: body.is_primary }
      const place = await editPlace(em, requireViewer(ctx.state), where, change)
      await catalogCache.bump()
      await rankChanged(params.id, place.user.id)
      ctx.body = (await present(em, [place]))[0]
    },
  )

  api.delete(
    '/:id/roles/:place',
    {
      summary: 'Take somebody out of the staff; an assistant may leave.',
      access: 'signed-in',
      params: placeParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      const where = { course: params.id, place: params.place }
      const user = await removePlace(ctx.state.em, requireViewer(ctx.state), where)
      await catalogCache.bump()
      await rankChanged(params.id, user)
      ctx.status = 204
    },
  )

  /** In the course's chat; its hubs have forgotten the old rank in half a minute, should they not be told. */
  async function rankChanged(course: number, user: number): Promise<void> {
    await say(redis, { kind: 'place', room: `course-${course}`, uid: `u:${user}` }).catch((error: unknown) =>
      log.warn({ error }, 'the hubs of the chat were not told of a rank'),
    )
  }

  async function present(em: EntityManager, places: CourseUserRole[]): Promise<PlaceJson[]> {
    const profiles = await em.find(Profile, { user: { $in: places.map(({ user }) => user.id) } })
    const profileOf = new Map(profiles.map((profile) => [profile.user.id, profile]))
    return places.map(({ id, user, role, permissions, isPrimary, createdAt }) => {
      const profile = profileOf.get(user.id)
      const avatar = profile?.avatar
      return {
        id,
        user: {
          id: user.id,
          display_name: profile?.displayName ?? '',
          avatar_url: avatar ? publicUrl(config.store, avatar) : null,
        },
        role,
        permissions: permissions as Record<string, boolean>,
        is_primary: isPrimary,
        created_at: createdAt.toISOString(),
      }
    })
  }

  return api
}
