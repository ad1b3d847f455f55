import Stripe from 'stripe'
import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../config/config.ts'
import type { User } from '../../../server/accounts/user.ts'
import type { Course } from '../../../server/courses/course.ts'
import { newId } from '../../../server/db/base.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { expirePendingPayments } from '../../../server/payments/expire-pending-payments.job.ts'
import type { Payment } from '../../../server/payments/payment.ts'
import { StripeProvider } from '../../../server/payments/stripe.ts'
import { aCourse } from '../../support/courses.ts'
import { aBuyer, aCheckout, ledgerOf, paymentOf, placeOf } from '../../support/payments.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { type StripeApi, startStripeApi } from '../../support/stripe-api.ts'

const WEBHOOK_SECRET = 'whsec_test_secret'
const stripe = new Stripe('sk_test_123')

let api: StripeApi
let server: TestServer
let em: EntityManager
let teacher: User
let user: User
let course: Course
beforeAll(async () => {
  api = await startStripeApi()
  const { host, port, protocol } = api
  const provider = new StripeProvider({
    secretKey: 'sk_test_123',
    webhookSecret: WEBHOOK_SECRET,
    api: { host, port, protocol },
  })
  server = await startServer({ providers: [provider] })
  teacher = await aBuyer(server, 'teacher')
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
})
beforeEach(async () => {
  em = server.context.orm.em.fork()
  course = await aCourse(em, teacher, { price: '2000.00', currency: 'USD', title: 'Физика & co' })
  user = await aBuyer(server)
  api.refundStatus = 'succeeded'
})

const place = () => placeOf(server, user, course)

/** An event in the envelope that https://docs.stripe.com/api/events/object shows. */
function eventOf(type: string, object: Record<string, unknown>, id = `evt_${newId()}`): string {
  return JSON.stringify(
    {
      ...{ id, object: 'event', api_version: '2026-01-28', created: 1_781_500_000, livemode: false },
      ...{ pending_webhooks: 1, request: { id: null, idempotency_key: null }, type, data: { object } },
    },
    null,
    2,
  )
}

function send(payload: string, secret = WEBHOOK_SECRET, timestamp = Math.floor(Date.now() / 1000)): request.Test {
  const signature = stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp })
  return request(server.server)
    .post('/api/payments/webhooks/stripe/')
    .set('content-type', 'application/json; charset=utf-8')
    .set('stripe-signature', signature)
    .send(payload)
}

/** https://docs.stripe.com/api/checkout/sessions/object, as far as it says something here. */
function sessionOf(payment: Payment, differences: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    ...{ id: payment.providerSessionId, object: 'checkout.session', mode: 'payment', livemode: false },
    ...{ amount_subtotal: 200_000, amount_total: 200_000, currency: 'usd', customer: null },
    ...{ client_reference_id: payment.transactionId, payment_intent: `pi_${payment.id}` },
    ...{ payment_method_types: ['card'], payment_status: 'paid', status: 'complete', url: null },
    metadata: { transaction_id: payment.transactionId },
    ...differences,
  }
}

function chargeOf(payment: Payment, amountRefunded: number): Record<string, unknown> {
  return {
    ...{ id: `ch_${payment.id}`, object: 'charge', amount: 200_000, amount_captured: 200_000, currency: 'usd' },
    ...{ amount_refunded: amountRefunded, refunded: amountRefunded === 200_000, paid: true, status: 'succeeded' },
    ...{ payment_intent: `pi_${payment.id}`, metadata: { transaction_id: payment.transactionId } },
  }
}

const refundOf = (payment: Payment, id: string, amount: number, status = 'succeeded') => ({
  ...{ id, object: 'refund', amount, currency: 'usd', charge: `ch_${payment.id}`, reason: null, status },
  ...{ payment_intent: `pi_${payment.id}`, metadata: {} },
})

const disputeOf = (payment: Payment, status: string) => ({
  ...{ id: `dp_${payment.id}`, object: 'dispute', amount: 200_000, currency: 'usd', reason: 'fraudulent', status },
  ...{ charge: `ch_${payment.id}`, payment_intent: `pi_${payment.id}`, metadata: {} },
})

async function aStripePurchase(): Promise<Payment> {
  const payment = await aCheckout(server, user, course)
  await send(eventOf('checkout.session.completed', sessionOf(payment))).expect(200)
  return paymentOf(server, payment.id)
}

describe('a Checkout Session', () => {
  it('is asked for in Stripe’s form, under our own id as reference and Idempotency-Key', async () => {
    const payment = await aCheckout(server, user, course)
    expect(payment).toMatchObject({ provider: 'stripe', status: 'pending', currency: 'USD' })
    expect(payment.transactionId).toMatch(/^pay_[0-9A-HJKMNP-TV-Z]{26}$/)
    expect(payment.checkoutUrl).toBe(`https://checkout.stripe.com/c/pay/${payment.providerSessionId}`)
    const call = api.calls.at(-1)
    expect(call).toMatchObject({
      method: 'POST',
      path: '/v1/checkout/sessions',
      contentType: 'application/x-www-form-urlencoded',
      authorization: 'Bearer sk_test_123',
      idempotencyKey: payment.transactionId,
    })
    const back = `http://ustat.test/courses/${course.slug}?payment=${payment.id}`
    expect(call?.form).toEqual({
      mode: 'payment',
      client_reference_id: payment.transactionId,
      customer_email: user.email,
      locale: 'ru',
      'line_items[0][quantity]': '1',
      'line_items[0][price_data][currency]': 'usd',
      'line_items[0][price_data][unit_amount]': '200000',
      'line_items[0][price_data][product_data][name]': 'Физика & co',
      success_url: back,
      cancel_url: back,
      expires_at: String(Math.floor((payment.expiresAt?.getTime() ?? 0) / 1000)),
      'metadata[transaction_id]': payment.transactionId,
      'payment_intent_data[metadata][transaction_id]': payment.transactionId,
    })
  })

  it('in yen is asked for without a fraction', async () => {
    course = await aCourse(em, teacher, { price: '1500.00', currency: 'JPY' })
    const payment = await aCheckout(server, user, course)
    expect(api.calls.at(-1)?.form['line_items[0][price_data][unit_amount]']).toBe('1500')
    const session = sessionOf(payment, { amount_total: 1500, currency: 'jpy' })
    await send(eventOf('checkout.session.completed', session)).expect(200)
    expect(await place()).toMatchObject({ status: 'active' })
  })

  it('that many tabs ask for at once is one', async () => {
    const agent = await server.signIn(user)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => agent.post('/api/payments/checkout/').send({ course: course.id })),
    )
    expect(new Set(answers.map(({ body }) => body.checkout_url)).size).toBe(1)
  })

  it('is looked up when its webhook was lost', async () => {
    const payment = await aCheckout(server, user, course)
    const agent = await server.signIn(user)
    const waiting = await agent.get(`/api/payments/${payment.id}/status/`).expect(200)
    expect(waiting.body).toMatchObject({ status: 'pending', is_enrolled: false })
    expect(api.calls.at(-1)).toMatchObject({
      method: 'GET',
      path: `/v1/checkout/sessions/${payment.providerSessionId}`,
    })
    api.sessions.set(payment.providerSessionId ?? '', sessionOf(payment))
    const done = await agent.get(`/api/payments/${payment.id}/status/`).expect(200)
    expect(done.body).toMatchObject({ status: 'completed', is_enrolled: true })
    // It comes after all.
    await send(eventOf('checkout.session.completed', sessionOf(payment))).expect(200)
    expect(await ledgerOf(server, payment)).toEqual(['sale 2000.00'])
  })

  it('that Stripe refuses to open leaves the payment for another try', async () => {
    api.failNext = 400
    const agent = await server.signIn(user)
    const refused = await agent.post('/api/payments/checkout/').send({ course: course.id })
    expect([refused.status, refused.body.code]).toEqual([503, 'payments_unavailable'])
    expect(server.log()).not.toContain('sk_test_123')
    await agent.post('/api/payments/checkout/').send({ course: course.id }).expect(202)
  })
})

describe('Stripe’s webhooks', () => {
  it('are taken with Stripe’s signature alone', async () => {
    const payment = await aCheckout(server, user, course)
    const payload = eventOf('checkout.session.completed', sessionOf(payment))
    for (const forged of [
      send(payload, 'whsec_another_secret'),
      send(payload, WEBHOOK_SECRET, Math.floor(Date.now() / 1000) - 3600),
      request(server.server)
        .post('/api/payments/webhooks/stripe/')
        .set('content-type', 'application/json')
        .send(payload),
    ]) {
      const answer = await forged
      expect([answer.status, answer.body.code]).toEqual([400, 'webhook_refused'])
    }
    expect((await place()).rows).toBe(0)
    await send(payload).expect(200)
    expect(await place()).toMatchObject({ status: 'active', source: 'payment', studentsCount: 1 })
    expect(await paymentOf(server, payment.id)).toMatchObject({
      status: 'completed',
      providerPaymentId: `pi_${payment.id}`,
      paymentMethod: 'card',
    })
  })

  it('sent again, or many at once, count once', async () => {
    const payment = await aCheckout(server, user, course)
    const payload = eventOf('checkout.session.completed', sessionOf(payment), `evt_${payment.id}`)
    await Promise.all(Array.from({ length: 20 }, () => send(payload).expect(200)))
    await send(payload).expect(200)
    expect(await ledgerOf(server, payment)).toEqual(['sale 2000.00'])
    expect(await place()).toMatchObject({ rows: 1, studentsCount: 1 })
  })

  it('of a transfer that is under way give nothing until the money is there', async () => {
    const payment = await aCheckout(server, user, course)
    await send(eventOf('checkout.session.completed', sessionOf(payment, { payment_status: 'unpaid' }))).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('pending')
    await send(
      eventOf('checkout.session.async_payment_failed', sessionOf(payment, { payment_status: 'unpaid' })),
    ).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('failed')
    await send(eventOf('checkout.session.async_payment_succeeded', sessionOf(payment))).expect(200)
    expect(await place()).toMatchObject({ status: 'active' })
  })

  it('of an expired session end the checkout', async () => {
    const payment = await aCheckout(server, user, course)
    const session = sessionOf(payment, { status: 'expired', payment_status: 'unpaid', payment_intent: null })
    await send(eventOf('checkout.session.expired', session)).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('failed')
  })

  it('of another amount give nothing', async () => {
    const payment = await aCheckout(server, user, course)
    await send(eventOf('checkout.session.completed', sessionOf(payment, { amount_total: 2000 }))).expect(200)
    expect((await place()).rows).toBe(0)
  })

  it('of other things are taken and forgotten', async () => {
    await send(eventOf('customer.created', { id: 'cus_1', object: 'customer' })).expect(200)
    await send(eventOf('charge.refunded', { id: 'ch_1', object: 'charge', metadata: {}, payment_intent: null })).expect(
      200,
    )
  })

  it('of a refund count once, whether told as a total, by its id, or both, and in any order', async () => {
    const payment = await aStripePurchase()
    await send(eventOf('refund.updated', refundOf(payment, 're_a', 50_000))).expect(200)
    await send(eventOf('charge.refunded', chargeOf(payment, 50_000))).expect(200)
    expect(await ledgerOf(server, payment)).toEqual(['sale 2000.00', 'refund -500.00'])
    expect((await place()).status).toBe('active')
    await send(eventOf('charge.refunded', chargeOf(payment, 200_000))).expect(200)
    await send(eventOf('charge.refunded', chargeOf(payment, 50_000))).expect(200)
    await send(eventOf('refund.updated', refundOf(payment, 're_b', 150_000))).expect(200)
    expect(await ledgerOf(server, payment)).toEqual(['sale 2000.00', 'refund -500.00', 'refund -1500.00'])
    expect(await paymentOf(server, payment.id)).toMatchObject({ status: 'refunded', refundedAmount: '2000.00' })
    expect(await place()).toMatchObject({ status: 'refunded', studentsCount: 0 })
  })

  it('of a refund before the purchase find it by our id on the charge', async () => {
    const payment = await aCheckout(server, user, course)
    await send(eventOf('charge.refunded', chargeOf(payment, 200_000))).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('pending')
    await send(eventOf('checkout.session.completed', sessionOf(payment))).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('refunded')
    expect(await place()).toMatchObject({ status: 'refunded', studentsCount: 0 })
  })

  it('of a dispute flag the payment; a lost one is a refund, a won one is not', async () => {
    const payment = await aStripePurchase()
    const admin = await server.signIn(await aBuyer(server, 'admin'))
    const isDisputed = async () => (await admin.get(`/api/payments/${payment.id}/`)).body.is_disputed
    await send(eventOf('charge.dispute.created', disputeOf(payment, 'needs_response'))).expect(200)
    expect([await isDisputed(), (await place()).status]).toEqual([true, 'active'])
    await send(eventOf('charge.dispute.closed', disputeOf(payment, 'won'))).expect(200)
    expect([await isDisputed(), (await place()).status]).toEqual([false, 'active'])
    // One that was told of late opens nothing again.
    await send(eventOf('charge.dispute.created', disputeOf(payment, 'needs_response'))).expect(200)
    expect(await isDisputed()).toBe(false)
    await send(eventOf('charge.dispute.closed', disputeOf(payment, 'lost'))).expect(200)
    expect(await paymentOf(server, payment.id)).toMatchObject({ status: 'refunded' })
    expect(await ledgerOf(server, payment)).toEqual(['sale 2000.00', 'refund -2000.00'])
    expect(await place()).toMatchObject({ status: 'refunded', studentsCount: 0 })
  })
})

describe('a refund with Stripe', () => {
  const refund = async (payment: Payment, body: object = {}) => {
    const admin = await server.signIn(await aBuyer(server, 'admin'))
    return admin.post(`/api/payments/${payment.id}/refund/`).send(body)
  }

  it('is asked for of the payment intent, with an Idempotency-Key', async () => {
    const payment = await aStripePurchase()
    expect((await refund(payment, { amount: '500.00' })).status).toBe(200)
    const call = api.calls.at(-1)
    expect(call).toMatchObject({
      method: 'POST',
      path: '/v1/refunds',
      idempotencyKey: `refund:${payment.transactionId}:0:50000`,
      form: {
        payment_intent: `pi_${payment.id}`,
        amount: '50000',
        'metadata[transaction_id]': payment.transactionId,
      },
    })
    expect(await ledgerOf(server, payment)).toEqual(['sale 2000.00', 'refund -500.00'])
  })

  it('that is pending is done when Stripe says so, and flagged when it fails', async () => {
    const payment = await aStripePurchase()
    api.refundStatus = 'pending'
    expect((await refund(payment)).status).toBe(202)
    expect((await place()).status).toBe('active')
    await send(eventOf('refund.failed', refundOf(payment, 're_x', 200_000, 'failed'))).expect(200)
    expect((await paymentOf(server, payment.id)).metadata.failed_refund).toBe('re_x')
    await send(eventOf('refund.updated', refundOf(payment, 're_y', 200_000))).expect(200)
    expect((await place()).status).toBe('refunded')
  })
})

it('the job ends what Stripe says has expired, and grants what it says was paid', async () => {
  const other = await aBuyer(server)
  const [expired, paid] = [await aCheckout(server, user, course), await aCheckout(server, other, course)]
  await em.execute(`update payment set expires_at = now() - interval '1 minute' where status = 'pending'`)
  const over = { status: 'expired', payment_status: 'unpaid', payment_intent: null }
  api.sessions.set(expired.providerSessionId ?? '', sessionOf(expired, over))
  api.sessions.set(paid.providerSessionId ?? '', sessionOf(paid))
  await expirePendingPayments(server.context)
  expect((await paymentOf(server, expired.id)).status).toBe('failed')
  expect((await paymentOf(server, paid.id)).status).toBe('completed')
})

describe('which provider there is', () => {
  const settings = (env: NodeJS.ProcessEnv) => {
    const random = () => `${newId()}${newId()}`
    return loadConfig({
      ...{ LISTEN: '-', DATABASE_URL: 'postgres://x', REDIS_URL: 'redis://x' },
      ...{ JWT_SECRET: random(), TOKEN_SECRET: random(), STREAM_KEY_SECRET: random(), INTERNAL_SECRET: random() },
      ...env,
    }).payments
  }

  it('is the sandbox without a key, in production only when asked for, and Stripe with its two secrets', () => {
    expect(settings({})).toEqual({ stripe: null, isSandbox: true })
    expect(settings({ NODE_ENV: 'production' })).toEqual({ stripe: null, isSandbox: false })
    expect(settings({ NODE_ENV: 'production', PAYMENT_SANDBOX: '1' })).toEqual({ stripe: null, isSandbox: true })
    const keys = { STRIPE_SECRET_KEY: 'sk_live_1', STRIPE_WEBHOOK_SECRET: 'whsec_1' }
    expect(settings(keys)).toEqual({ stripe: { secretKey: 'sk_live_1', webhookSecret: 'whsec_1' }, isSandbox: false })
    expect(() => settings({ STRIPE_SECRET_KEY: 'sk_live_1' })).toThrow(/STRIPE_WEBHOOK_SECRET/)
  })

  it('is none in production without either: nothing can be bought', async () => {
    await using shop = await startServer({ providers: [] })
    const seller = await aBuyer(shop, 'teacher')
    const dear = await aCourse(shop.context.orm.em.fork(), seller, { price: '10.00' })
    const agent = await shop.signIn(await aBuyer(shop))
    const answer = await agent.post(`/api/courses/${dear.id}/enroll/`).send({})
    expect([answer.status, answer.body.code]).toEqual([503, 'payments_unavailable'])
    await agent.get('/api/payments/sandbox/0123456789abcdef01234567/').expect(404)
  })
})
