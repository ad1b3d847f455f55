import { z } from 'zod'
import { findTeacher } from '../accounts/find-profile.ts'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { moved, movedJson } from '../http/moved.ts'
import { catalogQuery, coursePageJson } from './catalog-contract.ts'
import { answerPage } from './catalog-routes.ts'

const params = z.strictObject({ custom_url: z.string().max(100) })

/** What a teacher's page lists. */
export function teacherCoursesRoutes(context: Context): Api {
  const api = new Api('/api/teachers', 'Catalogue')

  api.get(
    '/:custom_url/courses',
    {
      summary: 'The published courses of a teacher, by pages, with the filters of the catalogue.',
      description: 'An address from before answers 301, and says where the page is now.',
      access: 'anyone',
      params,
      query: catalogQuery,
      answers: { 200: coursePageJson, 301: movedJson },
    },
    async (ctx, { params: { custom_url }, query: { status: _, ...query } }) => {
      const found = await findTeacher(ctx.state.em, custom_url)
      if ('movedTo' in found) return moved(ctx, `/api/teachers/${found.movedTo}/courses/`)
      await answerPage(ctx, context, query, { scope: { teacherId: found.profile.user.id } })
    },
  )

  return api
}
