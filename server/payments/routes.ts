import type { Context } from '../context.ts'
import { enroll } from '../courses/enroll.ts'
import { Enrollment } from '../courses/enrollment.ts'
import { checkoutBody } from '../courses/enrollment-contract.ts'
import { answerEnrolling, enrollAnswers } from '../courses/enrollment-routes.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { paginate } from '../http/page.ts'
import { parse, requireViewer } from '../http/request.ts'
import { askProvider } from './ask-provider.ts'
import {
  idempotencyHeader,
  type PaymentStatusJson,
  paymentJson,
  paymentPageJson,
  paymentParams,
  paymentStatusJson,
  paymentsQuery,
  presentPayment,
  refundBody,
} from './contract.ts'
import { findPayment, findPayments } from './find-payments.ts'
import { Payment } from './payment.ts'
import { promoRoutes } from './promo-routes.ts'
import { refund } from './refund.ts'
import { webhookRoutes } from './webhook-routes.ts'

/** Buying, and what was bought. */
export function paymentRoutes(context: Context): Api[] {
  return [webhookRoutes(context), purchases(context), promoRoutes(context)]
}

function purchases(context: Context): Api {
  const { config, limits, log } = context
  const api = new Api('/api/payments', 'Payments')

  api.post(
    '/checkout',
    {
      summary: 'Begins to buy a course: answers where to pay, or the place when nothing is left to pay.',
      description:
        'With an `Idempotency-Key` header what is sent again is the same checkout. Without one, too, while it can be paid.',
      access: 'signed-in',
      body: checkoutBody,
      answers: enrollAnswers,
    },
    async (ctx, { body }) => {
      const idempotencyKey = parse(idempotencyHeader, ctx.get('idempotency-key') || null)
      const request = { course: body.course, promoCode: body.promo_code, idempotencyKey }
      await answerEnrolling(ctx, ctx.state.em, await enroll(ctx.state.em, requireViewer(ctx.state), request, context))
    },
  )

  api.get(
    '/',
    {
      summary: 'One’s own payments, and those of courses whose money one may see; newest first.',
      access: 'signed-in',
      query: paymentsQuery,
      answers: { 200: paymentPageJson },
    },
    async (ctx, { query }) => {
      const viewer = requireViewer(ctx.state)
      const page = await findPayments(ctx.state.em, viewer, query)
      ctx.body = await paginate(ctx, config.publicUrl, page, (rows) =>
        rows.map((row) => presentPayment(row, viewer.id, context.settings)),
      )
    },
  )

  api.get(
    '/:id',
    {
      summary: 'One payment, for its buyer and who may see the course’s money.',
      access: 'signed-in',
      params: paymentParams,
      answers: { 200: paymentJson },
    },
    async (ctx, { params }) => {
      const viewer = requireViewer(ctx.state)
      const { payment } = await findPayment(ctx.state.em, viewer, params.id)
      ctx.body = presentPayment(payment, viewer.id, context.settings)
    },
  )

  api.get(
    '/:id/status',
    {
      summary: 'For the page that one returns to: asks the provider when its webhook has not come yet.',
      access: 'signed-in',
      params: paymentParams,
      answers: { 200: paymentStatusJson },
    },
    async (ctx, { params }) => {
      const { em } = ctx.state
      const { payment } = await findPayment(em, requireViewer(ctx.state), params.id)
      if (payment.status === 'pending') await ask(payment)
      ctx.body = await statusOf(em.fork(), payment)
    },
  )

  api.post(
    '/:id/refund',
    {
      summary: 'Gives money back: an admin and the course’s producer; the buyer within the time that is set.',
      description: '200 when it is done; 202 when the provider needs longer, and tells us when it is.',
      access: 'signed-in',
      params: paymentParams,
      body: refundBody,
      answers: { 200: paymentJson, 202: paymentJson },
    },
    async (ctx, { params, body }) => {
      const { em, address } = ctx.state
      const viewer = requireViewer(ctx.state)
      const isDone = await refund(em, { ...viewer, address }, params.id, body, context)
      const { payment } = await findPayment(em.fork(), viewer, params.id)
      ctx.status = isDone ? 200 : 202
      ctx.body = presentPayment(payment, viewer.id, context.settings)
    },
  )

  /** Not at every look: a page that waits must not become a load on the provider. */
  async function ask(payment: Payment): Promise<void> {
    try {
      await limits.take('payment_status', payment.id)
      await askProvider(context.orm.em.fork(), payment, context)
    } catch (error) {
      if (error instanceof DomainError && error.code === 'too_many_requests') return
      log.warn({ error, payment: payment.id }, 'the provider of a payment could not be asked')
    }
  }

  return api
}

async function statusOf(em: EntityManager, { id }: Payment): Promise<PaymentStatusJson> {
  const { status, course, user } = await em.findOneOrFail(Payment, { id }, { populate: ['course'] })
  const enrollment = await em.findOne(Enrollment, { course, user })
  return { id, status, course: { id: course.id, slug: course.slug }, is_enrolled: enrollment?.givesAccess() ?? false }
}
