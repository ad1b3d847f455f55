import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { presentPromo, promoBody, promoJson, promoPageJson, promoParams, promoPatch, promoQuery } from './contract.ts'
import { addPromo, deletePromo, editPromo, findPromos, requirePromo } from './edit-promos.ts'

/** Codes that make courses cheaper: of a course for its producer, of every course for admins. */
export function promoRoutes({ config }: Context): Api {
  const api = new Api('/api/promo-codes', 'Payments')

  api.get(
    '/',
    {
      summary: 'The codes of a course; without one all, for admins.',
      access: 'signed-in',
      query: promoQuery,
      answers: { 200: promoPageJson },
    },
    async (ctx, { query }) => {
      const page = await findPromos(ctx.state.em, requireViewer(ctx.state), query.course)
      ctx.body = await paginate(ctx, config.publicUrl, page, (rows) => rows.map(presentPromo))
    },
  )

  api.post(
    '/',
    { summary: 'Makes a code.', access: 'signed-in', body: promoBody, answers: { 201: promoJson } },
    async (ctx, { body }) => {
      ctx.body = presentPromo(await addPromo(ctx.state.em, requireViewer(ctx.state), body))
      ctx.status = 201
    },
  )

  api.get(
    '/:id',
    { summary: 'One code.', access: 'signed-in', params: promoParams, answers: { 200: promoJson } },
    async (ctx, { params }) => {
      ctx.body = presentPromo(await requirePromo(ctx.state.em, requireViewer(ctx.state), params.id))
    },
  )

  api.patch(
    '/:id',
    {
      summary: 'Changes what it is worth, when and how often.',
      access: 'signed-in',
      params: promoParams,
      body: promoPatch,
      answers: { 200: promoJson },
    },
    async (ctx, { params, body }) => {
      ctx.body = presentPromo(await editPromo(ctx.state.em, requireViewer(ctx.state), params.id, body))
    },
  )

  api.delete(
    '/:id',
    {
      summary: 'Ends a code; what was bought with it stays.',
      access: 'signed-in',
      params: promoParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await deletePromo(ctx.state.em, requireViewer(ctx.state), params.id)
      ctx.status = 204
    },
  )

  return api
}
