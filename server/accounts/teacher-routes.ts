import type { Context as KoaContext } from 'koa'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { requireViewer } from '../http/request.ts'
import { checkCustomUrl } from './custom-url.ts'
import { findTeacher, withEntries } from './find-profile.ts'
import {
  type CheckUrlJson,
  checkUrlJson,
  checkUrlQuery,
  customUrlParams,
  type MovedJson,
  movedJson,
  presentProfile,
  profileJson,
} from './profile-contract.ts'

/** Teachers' pages, by the addresses they chose. */
export function teacherRoutes({ config, limits }: Context): Api {
  const api = new Api('/api/teachers', 'Profiles')

  api.get(
    '/check-url',
    {
      summary: 'Whether an address is free for the own page, and what is.',
      access: 'signed-in',
      query: checkUrlQuery,
      answers: { 200: checkUrlJson },
    },
    async (ctx, { query: { url } }) => {
      const { id } = requireViewer(ctx.state)
      await limits.take('check_url', `u${id}`)
      ctx.body = { url, ...(await checkCustomUrl(ctx.state.em, id, url)) } satisfies CheckUrlJson
    },
  )

  api.get(
    '/:custom_url/profile',
    {
      summary: 'A teacher: what they say of themselves, education, work, rating.',
      description: 'An address from before answers 301, and says where the page is now.',
      access: 'anyone',
      params: customUrlParams,
      answers: { 200: profileJson, 301: movedJson },
    },
    async (ctx, { params }) => {
      const found = await findTeacher(ctx.state.em, params.custom_url)
      if ('movedTo' in found) return moved(ctx, `/api/teachers/${found.movedTo}/profile/`)
      ctx.body = presentProfile(await withEntries(ctx.state.em, found.profile), config.store)
    },
  )

  return api
}

/** What the page was asked with goes along. */
function moved(ctx: KoaContext, path: string): void {
  const to = `${path}${ctx.search}`
  ctx.status = 301
  ctx.set('Location', to)
  // An address may be taken back: nobody is to remember the way round for ever.
  ctx.set('Cache-Control', 'public, max-age=3600')
  ctx.body = { moved_to: to } satisfies MovedJson
}
