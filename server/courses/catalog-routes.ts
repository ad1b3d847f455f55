import { createHash } from 'node:crypto'
import type { Context as KoaContext } from 'koa'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { originOf, parsePage } from '../http/page.ts'
import type { RequestState } from '../http/request.ts'
import { answerIfChanged } from '../http/viewer.ts'
import { findFeatured, findPriceRanges, suggest } from './catalog.ts'
import {
  type CatalogQuery,
  type CourseCardJson,
  type CoursePageJson,
  catalogQuery,
  courseCardJson,
  coursePageJson,
  priceQuery,
  priceRangesJson,
  searchQuery,
  suggestionJson,
} from './catalog-contract.ts'
import type { CatalogScope } from './catalog-filter.ts'
import { readPage, type SharedPage, scopeFor, shared, withEnrollments } from './catalog-page.ts'
import { publish, routeOf, visitOf } from './remembered-answers.ts'

type Ctx = KoaContext & { state: RequestState }

/** What everybody may see of the courses. Before the courses' own routes: `search` is no id. */
export function catalogRoutes(context: Context): Api {
  const { catalogCache, config } = context
  const api = new Api('/api/courses', 'Catalogue')

  api.get(
    '/',
    {
      summary: 'The catalogue: published courses, filtered, ordered, searched, by pages.',
      description:
        'Given `status`, staff is shown their own courses of those statuses instead, an admin all. Unknown parameters and fields of `ordering` are ignored.',
      access: 'anyone',
      query: catalogQuery,
      answers: { 200: coursePageJson },
    },
    (ctx, { query }) => answerPage(ctx, context, query, { scope: scopeFor(ctx.state.viewer, query) }),
  )

  api.get(
    '/search',
    {
      summary: 'The catalogue by relevance to `search`; with `suggest=1` titles and teachers for a search field.',
      description:
        'Every word of three characters or more is looked for in title, description and teachers’ names, a shorter one at the beginning of titles; all must be found. Between quotes stands a phrase.',
      access: 'anyone',
      query: searchQuery,
      answers: { 200: z.union([coursePageJson, z.array(suggestionJson)]) },
    },
    async (ctx, { query: { q, suggest: isSuggestion, ...query } }) => {
      const search = query.search ?? q
      if (isSuggestion) {
        const key = `suggest?${new URLSearchParams({ search: (search ?? '').toLowerCase() })}`
        return answerShared(ctx, context, key, async () => suggest(ctx.state.em, search ?? ''))
      }
      const asked = { ...query, ...(search === undefined ? {} : { search }) }
      return answerPage(ctx, context, asked, { isByRelevance: true, scope: scopeFor(ctx.state.viewer, asked) })
    },
  )

  api.get(
    '/featured',
    {
      summary: 'At most ten: rated 4.0 or better, the most learned first.',
      access: 'anyone',
      answers: { 200: z.array(courseCardJson) },
    },
    async (ctx) => {
      const look = async () => JSON.stringify(await findFeatured(ctx.state.em, config))
      const page = shared(await catalogCache.read('featured', look))
      const { viewer } = ctx.state
      if (!viewer) return answerAnonymous(ctx, context, page)
      ctx.set('X-Cache', page.cache)
      answerIfChanged(ctx, await withEnrollments(ctx.state.em, viewer.id, JSON.parse(page.text) as CourseCardJson[]))
    },
  )

  api.get(
    '/price_ranges',
    {
      summary: 'The cheapest and the dearest course of a currency, and how many there are between.',
      access: 'anyone',
      query: priceQuery,
      answers: { 200: priceRangesJson },
    },
    (ctx, { query: { currency = 'RUB' } }) =>
      answerShared(ctx, context, `price_ranges?currency=${currency}`, () => findPriceRanges(ctx.state.em, currency)),
  )

  return api
}

/** A list of cards with the visitor's filters; also of a teacher's page. */
export async function answerPage(
  ctx: Ctx,
  context: Context,
  query: CatalogQuery,
  { isByRelevance = false, scope = {} }: { isByRelevance?: boolean; scope?: CatalogScope } = {},
): Promise<void> {
  const { em, viewer } = ctx.state
  const path = `${ctx.path.replace(/\/$/, '')}/`
  const request = { path, query, page: parsePage(ctx.query), isByRelevance, scope }
  const page = await readPage(em, request, context)
  const text = atOrigin(page.text, originOf(ctx, context.config.publicUrl))
  if (!viewer) return answerAnonymous(ctx, context, { ...page, text })
  const { results, ...rest } = JSON.parse(text) as CoursePageJson
  ctx.set('X-Cache', page.cache)
  answerIfChanged(ctx, { ...rest, results: await withEnrollments(em, viewer.id, results) })
}

/** The same for everybody, signed in or not. */
async function answerShared(ctx: Ctx, context: Context, key: string, look: () => Promise<object>): Promise<void> {
  answerAnonymous(ctx, context, shared(await context.catalogCache.read(key, async () => JSON.stringify(await look()))))
}

/** With an ETag, and remembered for the next guest who asks in the same words. */
function answerAnonymous(ctx: Ctx, { catalogCache }: Context, { text, cache, stamp }: SharedPage): void {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 27)}"`
  catalogCache.rememberAnswer(visitOf(ctx), stamp, { body: Buffer.from(text), etag, route: routeOf(ctx) })
  publish(ctx, etag, cache)
  if (ctx.status === 200) ctx.body = text
}

/** `next` and `previous` stand at the very beginning, before anything that a person wrote. */
function atOrigin(text: string, origin: string): string {
  const end = text.indexOf(',"results":')
  const head = text.slice(0, end).replace(/"(next|previous)":"\//g, (_, name) => `"${name}":"${origin}/`)
  return head + text.slice(end)
}
