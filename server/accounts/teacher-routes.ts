import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { moved, movedJson } from '../http/moved.ts'
import { requireViewer } from '../http/request.ts'
import { answerIfChanged } from '../http/viewer.ts'
import { checkCustomUrl } from './custom-url.ts'
import { findTeacher, withEntries } from './find-profile.ts'
import {
  type CheckUrlJson,
  checkUrlJson,
  checkUrlQuery,
  customUrlParams,
  type ProfileJson,
  presentProfile,
  profileJson,
} from './profile-contract.ts'

/** Teachers' pages, by the addresses they chose. */
export function teacherRoutes({ config, limits, catalogCache }: Context): Api {
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
      const { em } = ctx.state
      const url = params.custom_url.toLowerCase()
      const { text, isHit } = await catalogCache.read(`teacher:${url}`, async () => {
        const found = await findTeacher(em, url)
        const shown = 'movedTo' in found ? found : presentProfile(await withEntries(em, found.profile), config.store)
        return JSON.stringify(shown)
      })
      const shown = JSON.parse(text) as ProfileJson | { movedTo: string }
      if ('movedTo' in shown) return moved(ctx, `/api/teachers/${shown.movedTo}/profile/`)
      ctx.set('X-Cache', isHit ? 'hit' : 'miss')
      answerIfChanged(ctx, shown)
    },
  )

  return api
}
