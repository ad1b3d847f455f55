import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import type { Course } from '../../../server/courses/course.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { autoRefundDuplicate } from '../../../server/payments/auto-refund-duplicate.job.ts'
import { expirePendingPayments } from '../../../server/payments/expire-pending-payments.job.ts'
import { Payment } from '../../../server/payments/payment.ts'
import { WebhookEvent } from '../../../server/payments/webhook-event.ts'
import { aCourse } from '../../support/courses.ts'
import { takeJobs, takeMails } from '../../support/mail.ts'
import {
  aBuyer,
  aCheckout,
  ledgerOf,
  paid,
  paymentOf,
  placeOf,
  refunded,
  sandboxOf,
  startShop,
  webhook,
} from '../../support/payments.ts'
import type { TestServer } from '../../support/server.ts'

let server: TestServer
let em: EntityManager
let teacher: User
let user: User
let course: Course
beforeAll(async () => {
  server = await startShop()
  teacher = await aBuyer(server, 'teacher')
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  em = server.context.orm.em.fork()
  course = await aCourse(em, teacher, { price: '100.50' })
  user = await aBuyer(server)
})

const place = () => placeOf(server, user, course)
const overdue = (payment: Payment) =>
  em.execute(`update payment set expires_at = now() - interval '1 minute' where id = ?`, [payment.id])

describe('the whole purchase in the sandbox', () => {
  it('goes from the checkout over the page and a signed webhook to the course, the receipt and the books', async () => {
    const agent = await server.signIn(user)
    await takeMails(server)
    const bump = vi.spyOn(server.context.catalogCache, 'bump')
    const asked = await agent.post(`/api/courses/${course.id}/enroll/`).send({}).expect(202)
    expect(asked.body).toEqual({
      status: 'payment_required',
      payment_id: expect.stringMatching(/^[0-9a-f]{24}$/),
      checkout_url: expect.stringMatching(/^http:\/\/ustat\.test\/api\/payments\/sandbox\/[0-9a-f]{24}\/$/),
      expires_at: expect.any(String),
    })
    const { pathname } = new URL(asked.body.checkout_url)
    const page = await agent.get(pathname).set('accept-language', 'ru').expect(200).expect('content-type', /html/)
    expect(page.text).toContain('100.50 RUB')
    expect(page.text).toContain('Оплатить')
    expect(page.text).not.toMatch(/<script|<style|style=/)
    expect((await place()).rows).toBe(0)
    // As the form of a browser that is signed in sends it.
    const form = request(server.server).post(`${pathname}pay/`).set('content-type', 'application/x-www-form-urlencoded')
    const done = await form.set('origin', 'null').expect(303)
    expect(done.headers.location).toBe(`http://ustat.test/courses/${course.slug}?payment=${asked.body.payment_id}`)

    expect(await place()).toMatchObject({ rows: 1, status: 'active', source: 'payment', studentsCount: 1 })
    const payment = await paymentOf(server, asked.body.payment_id)
    expect(payment).toMatchObject({ status: 'completed', amount: '100.50', paymentMethod: 'sandbox' })
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.50'])
    const mails = await takeMails(server)
    expect(mails.map(({ to, template }) => [to, template])).toEqual([[user.email, 'receipt']])
    expect(mails[0]?.text).toContain('100.50')
    expect(bump).toHaveBeenCalled()
    const status = await agent.get(`/api/payments/${payment.id}/status/`).expect(200)
    expect(status.body).toMatchObject({ status: 'completed', is_enrolled: true, course: { slug: course.slug } })
    // The choice is made.
    expect((await agent.get(pathname)).text).not.toContain('<form')
    await agent.post(`${pathname}fail/`).expect(303)
    expect((await paymentOf(server, payment.id)).status).toBe('completed')
    expect((await agent.post(`/api/courses/${course.id}/enroll/`).send({})).status).toBe(200)
  })

  it('fails and is given up without a trace in the books, and can be begun anew', async () => {
    const agent = await server.signIn(user)
    for (const choice of ['fail', 'abandon']) {
      const payment = await aCheckout(server, user, course)
      await agent.post(`/api/payments/sandbox/${payment.providerSessionId}/${choice}/`).expect(303)
      expect((await paymentOf(server, payment.id)).status).toBe('failed')
      expect(await ledgerOf(server, payment)).toEqual([])
    }
    expect((await place()).rows).toBe(0)
  })

  it('shows titles as text, and nothing to who guesses', async () => {
    course = await aCourse(em, teacher, { price: '10.00', title: '<script>alert(1)</script>' })
    const { providerSessionId } = await aCheckout(server, user, course)
    const page = await server.visitor().get(`/api/payments/sandbox/${providerSessionId}/`).expect(200)
    expect(page.text).toContain('&lt;script&gt;')
    await server.visitor().get('/api/payments/sandbox/0123456789abcdef01234567/').expect(404)
    await server.visitor().post(`/api/payments/sandbox/${providerSessionId}/steal/`).expect(404)
  })

  it('comes to its end by the return page when the webhook is lost, and later by the job', async () => {
    const payment = await aCheckout(server, user, course)
    await sandboxOf(server).decide(payment.providerSessionId ?? '', 'paid')
    const agent = await server.signIn(user)
    const status = await agent.get(`/api/payments/${payment.id}/status/`).expect(200)
    expect(status.body).toMatchObject({ status: 'completed', is_enrolled: true })

    const other = await aBuyer(server)
    const second = await aCheckout(server, other, course)
    await sandboxOf(server).decide(second.providerSessionId ?? '', 'paid')
    await overdue(second)
    expect(await expirePendingPayments(server.context)).toBe(0)
    expect((await paymentOf(server, second.id)).status).toBe('completed')
    expect((await place()).studentsCount).toBe(2)
  })

  it('tells its webhook again by a job when our api did not answer', async () => {
    const payment = await aCheckout(server, user, course)
    vi.spyOn(sandboxOf(server), 'deliver').mockRejectedValueOnce(new Error('away'))
    await server.visitor().post(`/api/payments/sandbox/${payment.providerSessionId}/pay/`).expect(303)
    const jobs = await takeJobs(server, 'deliver-sandbox-webhook')
    expect(jobs).toEqual([{ session: payment.providerSessionId }])
    expect((await paymentOf(server, payment.id)).status).toBe('pending')
    const { deliverSandboxWebhook } = await import('../../../server/payments/deliver-sandbox-webhook.job.ts')
    await deliverSandboxWebhook(server.context, payment.providerSessionId ?? '')
    await deliverSandboxWebhook(server.context, payment.providerSessionId ?? '')
    expect((await paymentOf(server, payment.id)).status).toBe('completed')
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.50'])
  })
})

describe('a checkout', () => {
  it('that can still be paid is used again: fifty tabs share one', async () => {
    const agent = await server.signIn(user)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => agent.post(`/api/courses/${course.id}/enroll/`).send({})),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))
    expect(new Set(answers.map(({ body }) => `${body.payment_id} ${body.checkout_url}`)).size).toBe(1)
    expect(await em.fork().count(Payment, { user: user.id })).toBe(1)
  })

  it('keeps its price whatever the course costs by now', async () => {
    const first = await aCheckout(server, user, course)
    await em.execute('update course set price = 500 where id = ?', [course.id])
    const second = await aCheckout(server, user, course)
    expect([second.id, second.amount]).toEqual([first.id, '100.50'])
  })

  it('whose time is over makes room for a new one, after its provider was asked', async () => {
    const first = await aCheckout(server, user, course)
    await overdue(first)
    const second = await aCheckout(server, user, course)
    expect(second.id).not.toBe(first.id)
    expect((await paymentOf(server, first.id)).status).toBe('failed')

    await sandboxOf(server).decide(second.providerSessionId ?? '', 'paid')
    await overdue(second)
    const agent = await server.signIn(user)
    await agent.post(`/api/courses/${course.id}/enroll/`).send({}).expect(200)
  })

  it('of one Idempotency-Key is one, also in parallel; a key is for one course and one try', async () => {
    const agent = await server.signIn(user)
    const buy = (id: number, key = 'key-1') =>
      agent.post('/api/payments/checkout/').set('idempotency-key', key).send({ course: id })
    const answers = await Promise.all(Array.from({ length: 10 }, () => buy(course.id)))
    expect(new Set(answers.map(({ body }) => body.payment_id)).size).toBe(1)
    const other = await aCourse(em, teacher, { price: '10.00' })
    const reused = await buy(other.id)
    expect([reused.status, reused.body.code]).toEqual([409, 'idempotency_key_reused'])
    const payment = await paymentOf(server, answers[0]?.body.payment_id)
    await webhook(server, { ...paid(payment), kind: 'failed' } as never).expect(200)
    expect((await buy(course.id)).status).toBe(409)
    expect((await buy(course.id, 'key-2')).status).toBe(202)
    await buy(course.id, 'k'.repeat(256)).expect(400)
  })

  it('of a free course is a place at once', async () => {
    course = await aCourse(em, teacher)
    const agent = await server.signIn(user)
    const answer = await agent.post('/api/payments/checkout/').send({ course: course.id }).expect(201)
    expect(answer.body).toMatchObject({ source: 'free' })
  })

  it('below what can be charged is refused, and leaves nothing behind', async () => {
    course = await aCourse(em, teacher, { price: '0.30', currency: 'USD' })
    const agent = await server.signIn(user)
    const answer = await agent.post('/api/payments/checkout/').send({ course: course.id })
    expect([answer.status, answer.body]).toMatchObject([409, { code: 'amount_below_minimum', minimum: '0.50' }])
    expect(await em.fork().count(Payment, { user: user.id })).toBe(0)
  })

  it('takes no amount, currency or user from the body', async () => {
    const agent = await server.signIn(user)
    for (const extra of [{ amount: '1.00' }, { currency: 'JPY' }, { user: 1 }, { status: 'completed' }]) {
      await agent
        .post('/api/payments/checkout/')
        .send({ course: course.id, ...extra })
        .expect(400)
    }
  })

  it('whose provider is away is tried again on the same payment', async () => {
    vi.spyOn(sandboxOf(server), 'createCheckout').mockRejectedValueOnce(new Error('away'))
    const agent = await server.signIn(user)
    const refused = await agent.post(`/api/courses/${course.id}/enroll/`).send({})
    expect([refused.status, refused.body.code]).toEqual([503, 'payments_unavailable'])
    await agent.post(`/api/courses/${course.id}/enroll/`).send({}).expect(202)
    expect(await em.fork().count(Payment, { user: user.id })).toBe(1)
  })
})

describe('a webhook', () => {
  it('is refused without a good and fresh signature, whatever it says', async () => {
    const payment = await aCheckout(server, user, course)
    const body = JSON.stringify({ id: 'evt_forged', type: 'session.paid', happening: paid(payment) })
    const send = (signature: string, text = body) =>
      request(server.server)
        .post('/api/payments/webhooks/sandbox/')
        .set('content-type', 'application/json')
        .set('x-sandbox-signature', signature)
        .send(text)
    const sandbox = sandboxOf(server)
    const good = sandbox.sign(body)
    for (const [signature, text] of [
      ['', body],
      [`t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}`, body],
      [good, `${body} `],
      [sandbox.sign(body, new Date(Date.now() - 3_600_000)), body],
    ] as const) {
      const answer = await send(signature, text)
      expect([answer.status, answer.body.code]).toEqual([400, 'webhook_refused'])
    }
    await request(server.server).post('/api/payments/webhooks/nobody/').send('{}').expect(404)
    expect((await paymentOf(server, payment.id)).status).toBe('pending')
    expect(await em.fork().count(WebhookEvent, { eventId: 'evt_forged' })).toBe(0)
    const metrics = await server.context.metrics.getSingleMetricAsString('webhook_failures_total')
    expect(metrics).toMatch(/provider="sandbox"\} 4/)
  })

  it('that comes fifty times at once counts once', async () => {
    const payment = await aCheckout(server, user, course)
    await takeMails(server)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => webhook(server, paid(payment), `evt_${payment.id}`)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await place()).toMatchObject({ rows: 1, studentsCount: 1 })
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.50'])
    expect(await takeMails(server)).toHaveLength(1)
    expect(await em.fork().count(WebhookEvent, { eventId: `evt_${payment.id}` })).toBe(1)
  })

  it('of one payment under other names at once counts once', async () => {
    const payment = await aCheckout(server, user, course)
    await Promise.all(Array.from({ length: 20 }, () => webhook(server, paid(payment)).expect(200)))
    expect(await place()).toMatchObject({ rows: 1, studentsCount: 1 })
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.50'])
  })

  it('that the money came counts after the checkout failed or ran out', async () => {
    const payment = await aCheckout(server, user, course)
    await overdue(payment)
    expect(await expirePendingPayments(server.context)).toBe(1)
    await webhook(server, paid(payment)).expect(200)
    expect(await place()).toMatchObject({ status: 'active', studentsCount: 1 })
    // And a late failure takes nothing back.
    await webhook(server, { ...paid(payment), kind: 'expired' } as never).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('completed')
  })

  it('of a refund that overtook the payment is kept, and applied when it comes', async () => {
    const payment = await aCheckout(server, user, course)
    await webhook(server, refunded(payment, 're_early', 10_050)).expect(200)
    expect(await paymentOf(server, payment.id)).toMatchObject({ status: 'pending', refundedAmount: '0.00' })
    await webhook(server, paid(payment)).expect(200)
    expect(await paymentOf(server, payment.id)).toMatchObject({ status: 'refunded', refundedAmount: '100.50' })
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.50', 'refund -100.50'])
    expect(await place()).toMatchObject({ status: 'refunded', studentsCount: 0 })
  })

  it('of another amount or currency than was asked gives nothing and is flagged', async () => {
    for (const differences of [{ amount: 10_049 }, { amount: 1 }, { currency: 'USD' }]) {
      user = await aBuyer(server)
      const payment = await aCheckout(server, user, course)
      await webhook(server, paid(payment, differences)).expect(200)
      const now = await paymentOf(server, payment.id)
      expect(now.status).toBe('failed')
      expect(now.metadata).toMatchObject({ reason: 'amount_mismatch', mismatch: differences })
      expect((await place()).rows).toBe(0)
      expect(await ledgerOf(server, payment)).toEqual([])
    }
    expect(server.log()).toContain('something else was paid than was asked')
  })

  it('of no payment of ours is taken and changes nothing', async () => {
    const payment = await aCheckout(server, user, course)
    await webhook(server, paid(payment, { transactionId: 'pay_unknown' })).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('pending')
  })

  it('that fails in the middle leaves nothing, and counts when it is sent again', async () => {
    const payment = await aCheckout(server, user, course)
    vi.spyOn(server.context.queue, 'add').mockRejectedValueOnce(new Error('no jobs'))
    await webhook(server, paid(payment), 'evt_again').expect(500)
    expect((await paymentOf(server, payment.id)).status).toBe('pending')
    expect((await place()).rows).toBe(0)
    await webhook(server, paid(payment), 'evt_again').expect(200)
    expect(await place()).toMatchObject({ rows: 1, studentsCount: 1 })
  })

  it('needs no session, and is not counted by rate limits', async () => {
    const take = vi.spyOn(server.context.limits, 'take')
    const payment = await aCheckout(server, user, course)
    take.mockClear()
    await webhook(server, paid(payment)).set('origin', 'https://provider.example').expect(200)
    expect(take).not.toHaveBeenCalled()
  })
})

describe('paying twice', () => {
  /** Two sessions that can both be paid: the first was given up by us, not by the provider. */
  async function twoSessions() {
    const first = await aCheckout(server, user, course)
    await overdue(first)
    await expirePendingPayments(server.context)
    return [first, await aCheckout(server, user, course)] as const
  }

  it('in two tabs at once gives one place, flags the second and gives its money back', async () => {
    const [first, second] = await twoSessions()
    for (const { providerSessionId } of [first, second]) {
      await em.execute(`update sandbox_session set status = 'paid' where id = ?`, [providerSessionId])
    }
    await Promise.all([webhook(server, paid(first)).expect(200), webhook(server, paid(second)).expect(200)])
    expect(await place()).toMatchObject({ rows: 1, status: 'active', studentsCount: 1 })
    const jobs = await takeJobs<{ payment: string }>(server, 'auto-refund-duplicate')
    expect(jobs).toHaveLength(1)
    const duplicate = await paymentOf(server, jobs[0]?.payment ?? '')
    expect(duplicate).toMatchObject({ status: 'completed', metadata: { duplicate: true } })
    expect(server.log()).toContain('a course was paid for twice')

    await autoRefundDuplicate(server.context, duplicate.id)
    await autoRefundDuplicate(server.context, duplicate.id)
    expect((await paymentOf(server, duplicate.id)).status).toBe('refunded')
    expect(await ledgerOf(server, duplicate)).toEqual(['sale 100.50', 'refund -100.50'])
    expect(await place()).toMatchObject({ status: 'active', studentsCount: 1 })
  })

  it('keeps the second when the first was given back meanwhile', async () => {
    const [first, second] = await twoSessions()
    for (const payment of [first, second]) await webhook(server, paid(payment)).expect(200)
    await webhook(server, refunded(first, 're_first', 10_050)).expect(200)
    await autoRefundDuplicate(server.context, second.id)
    expect((await paymentOf(server, second.id)).status).toBe('completed')
    expect(await place()).toMatchObject({ status: 'active', payment_id: second.id, studentsCount: 1 })
  })

  it('tries to give the money back again when the provider was away', async () => {
    const [first, second] = await twoSessions()
    await em.execute(`update sandbox_session set status = 'paid' where id = ?`, [second.providerSessionId])
    for (const payment of [first, second]) await webhook(server, paid(payment)).expect(200)
    vi.spyOn(sandboxOf(server), 'refund').mockRejectedValueOnce(new Error('away'))
    await expect(autoRefundDuplicate(server.context, second.id)).rejects.toMatchObject({ code: 'payments_unavailable' })
    await autoRefundDuplicate(server.context, second.id)
    expect((await paymentOf(server, second.id)).status).toBe('refunded')
  })
})

describe('checkouts whose time is over', () => {
  it('wait while their provider is away', async () => {
    const payment = await aCheckout(server, user, course)
    await overdue(payment)
    const retrieve = vi.spyOn(sandboxOf(server), 'retrieve').mockRejectedValue(new Error('away'))
    await expirePendingPayments(server.context)
    expect((await paymentOf(server, payment.id)).status).toBe('pending')
    retrieve.mockRestore()
    await expirePendingPayments(server.context)
    expect((await paymentOf(server, payment.id)).status).toBe('failed')
  })
})
