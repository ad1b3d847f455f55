import { z } from 'zod'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { idParams, presentTag, tagBody, tagJson, tagsQuery } from './contract.ts'
import { addTag, renameTag } from './edit-tags.ts'
import { Tag } from './tag.ts'

/** Tags, for anybody to find courses by; an admin's to change. */
export function tagRoutes({ catalogCache }: Context): Api {
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

  api.post(
    '/',
    { summary: 'Add a tag.', access: 'admin', body: tagBody, answers: { 201: tagJson } },
    async (ctx, { body }) => {
      ctx.body = presentTag(await addTag(ctx.state.em, body.name))
      ctx.status = 201
    },
  )

  api.put(
    '/:id',
    {
      summary: 'Rename a tag; its slug stays.',
      access: 'admin',
      params: idParams,
      body: tagBody,
      answers: { 200: tagJson },
    },
    async (ctx, { params, body }) => {
      ctx.body = presentTag(await renameTag(ctx.state.em, params.id, body.name))
      await catalogCache.bump()
    },
  )

  api.delete(
    '/:id',
    { summary: 'Delete a tag; courses lose it.', access: 'admin', params: idParams, answers: { 204: null } },
    async (ctx, { params }) => {
      const deleted = await ctx.state.em.nativeDelete(Tag, { id: params.id })
      if (deleted === 0) throw new DomainError('tag_not_found')
      await catalogCache.bump()
      ctx.status = 204
    },
  )

  return api
}
