import { User } from '../accounts/user.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { type RequestState, requireViewer } from '../http/request.ts'
import {
  type AdminUserJson,
  adminUserJson,
  idParams,
  presentUser,
  type SettingsJson,
  settingsJson,
  settingsPatch,
  userBody,
  usersQuery,
  type VerificationJson,
  verificationBody,
  verificationJson,
} from './contract.ts'
import { deleteUser } from './delete-user.ts'
import { type By, editUser } from './edit-user.ts'
import { findUsers, profilesOf } from './find-users.ts'
import { verifyTeacher } from './verify-teacher.ts'
import { watchRoutes } from './watch-routes.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function adminRoutes(context: Context): Api[] {
  return [userRoutes(context), profileRoutes(context), settingsRoutes(context), watchRoutes(context)]
}

function userRoutes({ config, catalogCache, viewers, revocations, streamKeys, passwords, store, queue }: Context): Api {
  const api = new Api('/api/admin/users', 'Administration')

  api.get(
    '/',
    {
      summary: 'Accounts, newest first.',
      access: 'admin',
      query: usersQuery,
      answers: { 200: pageOf(adminUserJson) },
    },
    async (ctx, { query }) => {
      const filter = {
        search: query.search,
        role: query.role,
        isVerified: query.is_verified,
        isActive: query.is_active,
        isDeleted: query.is_deleted,
        ordering: query.ordering,
      }
      const { em } = ctx.state
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) => findUsers(em, filter, limit, offset),
        (users) => describe(em, users),
      )
    },
  )

  api.get(
    '/:id',
    { summary: 'One account.', access: 'admin', params: idParams, answers: { 200: adminUserJson } },
    async (ctx, { params }) => {
      const user = await ctx.state.em.findOne(User, { id: params.id })
      if (!user) throw new DomainError('user_not_found')
      ctx.body = (await describe(ctx.state.em, [user]))[0]
    },
  )

  for (const method of ['put', 'patch'] as const) {
    api[method](
      '/:id',
      {
        summary: 'Changes names, role, whether it is open and whether its address is confirmed.',
        description:
          'What is not sent stays. A new role or a closed account ends every sign-in. 409 `last_admin` when nobody would be left who can do this.',
        access: 'admin',
        params: idParams,
        body: userBody,
        answers: { 200: adminUserJson },
      },
      async (ctx, { params, body }) => {
        const changes = {
          firstName: body.first_name,
          lastName: body.last_name,
          role: body.role,
          isActive: body.is_active,
          isVerified: body.is_verified,
        }
        const ports = { viewers, revocations, streamKeys }
        const user = await editUser(ctx.state.em, params.id, changes, byWhom(ctx.state), ports)
        await catalogCache.bump()
        ctx.body = (await describe(ctx.state.em, [user]))[0]
      },
    )
  }

  api.delete(
    '/:id',
    {
      summary: 'Takes the person out of an account.',
      description:
        'Its payments, reviews, grades and courses stay, of a deleted account; what was handed in goes. It cannot be undone.',
      access: 'admin',
      params: idParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await deleteUser(ctx.state.em, params.id, byWhom(ctx.state), { viewers, revocations, passwords, store, queue })
      await catalogCache.bump()
      ctx.status = 204
    },
  )

  return api
}

function profileRoutes({ queue, catalogCache }: Context): Api {
  const api = new Api('/api/admin/profiles', 'Administration')

  api.post(
    '/:id/verification',
    {
      summary: 'Says whether a teacher is who they claim to be.',
      description: 'They are sent a mail with the comment. 409 `not_a_teacher` for students.',
      access: 'admin',
      params: idParams,
      body: verificationBody,
      answers: { 200: verificationJson },
    },
    async (ctx, { params, body }) => {
      const profile = await verifyTeacher(ctx.state.em, params.id, body, byWhom(ctx.state), queue)
      await catalogCache.bump()
      ctx.body = { id: profile.id, verification_status: profile.verificationStatus } satisfies VerificationJson
    },
  )

  return api
}

function settingsRoutes({ settings }: Context): Api {
  const api = new Api('/api/admin/settings', 'Administration')

  api.get('/', { summary: 'System settings.', access: 'admin', answers: { 200: settingsJson } }, (ctx) => {
    ctx.body = settings.all() satisfies SettingsJson
  })

  api.put(
    '/',
    {
      summary: 'Replaces every setting.',
      access: 'admin',
      body: settingsJson,
      answers: { 200: settingsJson },
    },
    async (ctx, { body }) => {
      ctx.body = await settings.change(ctx.state.em, body, byWhom(ctx.state))
    },
  )

  api.patch(
    '/',
    {
      summary: 'Changes the settings that are sent.',
      access: 'admin',
      body: settingsPatch,
      answers: { 200: settingsJson },
    },
    async (ctx, { body }) => {
      ctx.body = await settings.change(ctx.state.em, body, byWhom(ctx.state))
    },
  )

  return api
}

function byWhom(state: RequestState): By {
  return { actor: requireViewer(state).id, address: state.address }
}

async function describe(em: EntityManager, users: User[]): Promise<AdminUserJson[]> {
  const profiles = await profilesOf(em, users)
  return users.map((user) => presentUser(user, profiles.get(user.id)))
}
