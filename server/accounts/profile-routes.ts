import type { Context } from '../context.ts'
import { mayHaveCustomUrl } from '../courses/access.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { imageTypes, takePicture } from '../http/image-upload.ts'
import { publicUrl } from '../http/public-files.ts'
import { requireUser, requireViewer } from '../http/request.ts'
import { dropPicture } from '../pictures/keep-picture.ts'
import { setCustomUrl } from './custom-url.ts'
import { editProfile, type ProfileChanges, setAvatar } from './edit-profile.ts'
import { findProfile, ownProfile } from './find-profile.ts'
import { Profile } from './profile.ts'
import {
  type AvatarJson,
  avatarJson,
  type CustomUrlJson,
  customUrlBody,
  customUrlJson,
  idParams,
  type OwnProfileJson,
  ownProfileJson,
  presentOwnProfile,
  presentProfile,
  profileBody,
  profileJson,
  profilePatch,
} from './profile-contract.ts'

/** What people say of themselves, and what others see of it. */
export function profileRoutes(context: Context): Api {
  const { config, store, limits, catalogCache, log } = context
  const api = new Api('/api/profiles', 'Profiles')

  api.get(
    '/me',
    { summary: 'The own profile.', access: 'signed-in', answers: { 200: ownProfileJson } },
    async (ctx) => {
      ctx.body = await describeOwn(ctx.state.em, requireViewer(ctx.state).id)
    },
  )

  api.put(
    '/me',
    {
      summary: 'Replaces what is said in the own profile: what is left out is empty afterwards.',
      description: 'Rating, counts, role and verification are not said but earned: to send them is refused.',
      access: 'signed-in',
      body: profileBody,
      answers: { 200: ownProfileJson },
    },
    async (ctx, { body }) => {
      const { first_name: firstName, last_name: lastName, display_name = null, ...rest } = body
      ctx.body = await edit(ctx.state.em, requireViewer(ctx.state).id, {
        firstName,
        lastName,
        displayName: display_name,
        ...rest,
      })
    },
  )

  api.patch(
    '/me',
    {
      summary: 'Changes what is sent of the own profile.',
      access: 'signed-in',
      body: profilePatch,
      answers: { 200: ownProfileJson },
    },
    async (ctx, { body }) => {
      const { first_name: firstName, last_name: lastName, display_name: displayName, ...rest } = body
      ctx.body = await edit(ctx.state.em, requireViewer(ctx.state).id, { firstName, lastName, displayName, ...rest })
    },
  )

  api.put(
    '/me/avatar',
    {
      summary: 'A new picture: the body itself, or the first file of a form (`multipart/form-data`).',
      description:
        '8 MB at most; JPEG, PNG, WebP or GIF by its first bytes. Kept square, at most 512 across. The address ends in the widths it is there in, as `<id>-96-256-512.webp`; the smaller are `<id>-96.webp` and so on, and each is also `.avif`.',
      access: 'signed-in',
      upload: imageTypes,
      answers: { 200: avatarJson },
    },
    async (ctx) => {
      const { id } = requireViewer(ctx.state)
      await limits.take('avatar', `u${id}`)
      const key = await takePicture(ctx, store, 'avatars')
      await replaceAvatar(ctx.state.em, id, key)
      ctx.body = { avatar_url: publicUrl(config.store, key) } satisfies AvatarJson
    },
  )

  api.delete('/me/avatar', { summary: 'No picture.', access: 'signed-in', answers: { 204: null } }, async (ctx) => {
    await replaceAvatar(ctx.state.em, requireViewer(ctx.state).id, null)
    ctx.status = 204
  })

  api.get(
    '/custom-url',
    {
      summary: 'The address of the own page; null until one is chosen. Students have no page.',
      access: 'signed-in',
      answers: { 200: customUrlJson },
    },
    async (ctx) => {
      const user = await requireUser(ctx.state)
      if (!mayHaveCustomUrl(user)) throw new DomainError('forbidden')
      const { customUrl } = await ctx.state.em.findOneOrFail(Profile, { user })
      ctx.body = { custom_url: customUrl ?? null } satisfies CustomUrlJson
    },
  )

  api.put(
    '/custom-url',
    {
      summary: 'Chooses the address of the own page.',
      description: 'The one before leads to the new one, and nobody else can have it. Ten changes a day.',
      access: 'signed-in',
      body: customUrlBody,
      answers: { 200: customUrlJson },
    },
    async (ctx, { body }) => {
      const user = await requireUser(ctx.state)
      if (!mayHaveCustomUrl(user)) throw new DomainError('forbidden')
      await limits.take('custom_url', `u${user.id}`)
      await setCustomUrl(ctx.state.em.fork(), user.id, body.custom_url)
      await catalogCache.bump()
      ctx.body = { custom_url: body.custom_url } satisfies CustomUrlJson
    },
  )

  api.get(
    '/:id',
    {
      summary: 'A profile as others see it.',
      description: 'A student’s is there for themselves, the staff of their courses and admins only.',
      access: 'anyone',
      params: idParams,
      answers: { 200: profileJson },
    },
    async (ctx, { params }) => {
      ctx.body = presentProfile(await findProfile(ctx.state.em, ctx.state.viewer, params.id), config.store)
    },
  )

  async function edit(em: EntityManager, userId: number, changes: ProfileChanges): Promise<OwnProfileJson> {
    await editProfile(em, userId, changes)
    await catalogCache.bump()
    return describeOwn(em.fork(), userId)
  }

  async function replaceAvatar(em: EntityManager, userId: number, key: string | null): Promise<void> {
    const before = await setAvatar(em, userId, key).catch(async (error) => {
      if (key) await dropPicture(store, key).catch(() => {})
      throw error
    })
    await catalogCache.bump()
    if (before)
      await dropPicture(store, before).catch((error) => log.warn({ error }, 'an old avatar stays in the store'))
  }

  async function describeOwn(em: EntityManager, userId: number): Promise<OwnProfileJson> {
    const shown = await ownProfile(em, userId)
    return presentOwnProfile(shown, shown.profile.user, config.store)
  }

  return api
}
