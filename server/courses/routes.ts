import { z } from 'zod'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { presentTag, tagJson, tagsQuery } from './contract.ts'
import { Tag } from './tag.ts'

/** Parse, call one operation, present. Rules live in the operations. */
export function courseRoutes(_context: Context): Api {
  const api = new Api('/api/tags', 'Catalogue')

  api.get(
    '/',
    {
      summary: 'Tags by the beginning of their name.',
      access: 'anyone',
      query: tagsQuery,
      answers: { 200: z.array(tagJson) },
    },
    async (ctx, { query }) => {
      const begins = `${query.search.replace(/[\\%_]/g, '\\$&')}%`
      const tags = await ctx.state.em.find(Tag, { name: { $ilike: begins } }, { orderBy: { name: 'asc' }, limit: 50 })
      ctx.body = tags.map(presentTag)
    },
  )

  return api
}
