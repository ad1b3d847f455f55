import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import type { Course } from '../../../server/courses/course.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import type { Payment } from '../../../server/payments/payment.ts'
import { Review } from '../../../server/reviews/review.ts'
import { aCourse, aStaffMember } from '../../support/courses.ts'
import { takeMails } from '../../support/mail.ts'
import {
  aBuyer,
  aCheckout,
  aPurchase,
  ledgerOf,
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
let producer: User
let admin: User
let user: User
let course: Course
let payment: Payment
beforeAll(async () => {
  server = await startShop()
  teacher = await aBuyer(server, 'teacher')
  producer = await aBuyer(server, 'producer')
  admin = await aBuyer(server, 'admin')
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  em = server.context.orm.em.fork()
  course = await aCourse(em, teacher, { price: '100.00' })
  await aStaffMember(em, course, producer, 'producer')
  user = await aBuyer(server)
  payment = await aPurchase(server, user, course)
})

const place = () => placeOf(server, user, course)
async function refund(by: User, body: object = {}) {
  return (await server.signIn(by)).post(`/api/payments/${payment.id}/refund/`).send(body)
}
const settings = (values: object) => server.context.settings.change(em.fork(), values, { actor: null })

describe('a refund', () => {
  it('takes access, tokens and the count, keeps the review unverified, and is a negative line in the books', async () => {
    const review = em.create(Review, { course, user: user.id, rating: 5, title: '', content: '', isVerified: true })
    await em.flush()
    await takeMails(server)
    const bump = vi.spyOn(server.context.catalogCache, 'bump')
    const answer = await refund(producer, { reason: 'Asked for it.' })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ status: 'refunded', amount: '100.00', refunded_amount: '100.00' })
    expect(await place()).toMatchObject({ rows: 1, status: 'refunded', studentsCount: 0 })
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.00', 'refund -100.00'])
    expect(server.context.revocations.issuedBefore(`u${user.id}sany`)).toBeGreaterThan(Date.now() / 1000 - 5)
    expect((await em.fork().findOneOrFail(Review, { id: review.id })).isVerified).toBe(false)
    expect((await takeMails(server)).map(({ to, template }) => [to, template])).toEqual([[user.email, 'refund']])
    expect(bump).toHaveBeenCalled()
    const audit = await em.fork().findOneOrFail(AuditLog, { action: 'payment.refund', object: `payment:${payment.id}` })
    expect(audit.actor?.id).toBe(producer.id)
    expect(audit.details).toMatchObject({ amount: '100.00', reason: 'Asked for it.' })
    const again = await refund(producer)
    expect([again.status, again.body.code]).toEqual([409, 'payment_not_refundable'])
  })

  it('of a part keeps access; parts add up to the whole, never beyond', async () => {
    expect((await refund(admin, { amount: '30.10' })).body).toMatchObject({
      status: 'completed',
      refunded_amount: '30.10',
    })
    expect(await place()).toMatchObject({ status: 'active', studentsCount: 1 })
    const much = await refund(admin, { amount: '69.91' })
    expect([much.status, Object.keys(much.body)]).toEqual([400, ['amount']])
    for (const amount of ['0', '-1', '1.001', 'NaN']) expect((await refund(admin, { amount })).status).toBe(400)
    expect((await refund(admin)).body).toMatchObject({ status: 'refunded', refunded_amount: '100.00' })
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.00', 'refund -30.10', 'refund -69.90'])
    expect((await place()).status).toBe('refunded')
  })

  it('asked for ten times at once is one', async () => {
    const agent = await server.signIn(admin)
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => agent.post(`/api/payments/${payment.id}/refund/`).send({ amount: '40' })),
    )
    expect(answers.some(({ status }) => status === 200)).toBe(true)
    const now = await paymentOf(server, payment.id)
    const session = await sandboxOf(server).find(payment.providerSessionId ?? '')
    expect(session?.refunded).toBe(Number(now.refundedAmount) * 100)
    expect(Number(now.refundedAmount)).toBeLessThanOrEqual(100)
  })

  it('told by the provider again, by its id or as a total, counts once', async () => {
    await refund(admin, { amount: '40' })
    const [id] = Object.values((await sandboxOf(server).find(payment.providerSessionId ?? ''))?.refunds ?? {})
    await webhook(server, refunded(payment, id?.id ?? '', 4000)).expect(200)
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.00', 'refund -40.00'])
    await webhook(server, refunded(payment, 're_other', 6000)).expect(200)
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.00', 'refund -40.00', 'refund -60.00'])
    expect((await paymentOf(server, payment.id)).status).toBe('refunded')
  })

  it('changes nothing while the provider is away, or when it says no', async () => {
    vi.spyOn(sandboxOf(server), 'refund').mockRejectedValueOnce(new Error('away'))
    expect((await refund(admin)).status).toBe(503)
    vi.spyOn(sandboxOf(server), 'refund').mockResolvedValueOnce({ refundId: 're_no', status: 'failed' })
    expect((await refund(admin)).status).toBe(409)
    expect(await place()).toMatchObject({ status: 'active', studentsCount: 1 })
  })

  it('that takes the provider its time is answered 202 and waits for the webhook', async () => {
    vi.spyOn(sandboxOf(server), 'refund').mockResolvedValueOnce({ refundId: 're_slow', status: 'pending' })
    expect((await refund(admin)).status).toBe(202)
    expect((await place()).status).toBe('active')
    await webhook(server, refunded(payment, 're_slow', 10_000)).expect(200)
    expect((await place()).status).toBe('refunded')
  })

  it('leaves a place that was also given by hand', async () => {
    await (await server.signIn(teacher))
      .post(`/api/courses/${course.id}/students/`)
      .send({ email: user.email })
      .expect(200)
    await refund(admin)
    expect(await place()).toMatchObject({ status: 'active', source: 'manual', studentsCount: 1 })
    expect((await paymentOf(server, payment.id)).status).toBe('refunded')
  })

  it('and a new purchase make the same place active again', async () => {
    await refund(admin)
    const second = await aPurchase(server, user, course)
    expect(second.id).not.toBe(payment.id)
    expect(await place()).toMatchObject({ rows: 1, status: 'active', payment_id: second.id, studentsCount: 1 })
  })

  it('of an account that is gone keeps the books and mails nobody', async () => {
    await (await server.signIn(admin)).delete(`/api/admin/users/${user.id}/`)
    await takeMails(server)
    expect((await refund(admin)).status).toBe(200)
    expect(await ledgerOf(server, payment)).toEqual(['sale 100.00', 'refund -100.00'])
    expect(await takeMails(server)).toEqual([])
  })
})

describe('who may refund', () => {
  it('is an admin and the course’s producer, not its teachers with a view of the money, nor strangers', async () => {
    const viewer = await aBuyer(server, 'teacher')
    await aStaffMember(em, course, viewer, 'teacher', { view_revenue: true })
    expect((await refund(viewer)).status).toBe(403)
    for (const stranger of [teacher, await aBuyer(server), await aBuyer(server, 'producer')]) {
      expect((await refund(stranger)).status).toBe(404)
    }
    await server.visitor().post(`/api/payments/${payment.id}/refund/`).send({}).expect(401)
    expect((await place()).status).toBe('active')
  })

  it('is the buyer only when the settings allow it, early enough, with little learned, and as a whole', async () => {
    const offered = async (by: User) =>
      (await (await server.signIn(by)).get(`/api/payments/${payment.id}/`)).body.refundable_until
    const refused = await refund(user)
    expect([refused.status, refused.body.code, await offered(user)]).toEqual([403, 'refund_not_allowed', null])
    await settings({ refund_days: 14, refund_max_progress: 20 })
    const inTime = Date.parse(await offered(user)) - Date.now()
    expect(inTime / 86_400_000).toBeCloseTo(14, 1)
    expect(await offered(admin)).toBeNull()
    await em.execute('update enrollment set progress_percent = 20 where user_id = ?', [user.id])
    expect((await refund(user)).status).toBe(403)
    await em.execute('update enrollment set progress_percent = 19 where user_id = ?', [user.id])
    expect((await refund(user, { amount: '10' })).status).toBe(403)
    await em.execute(`update payment set completed_at = now() - interval '15 days' where id = ?`, [payment.id])
    expect((await refund(user)).status).toBe(403)
    await em.execute(`update payment set completed_at = now() - interval '13 days' where id = ?`, [payment.id])
    expect((await refund(user)).status).toBe(200)
    expect((await place()).status).toBe('refunded')
    await settings({ refund_days: 0 })
  })
})

describe('a dispute', () => {
  const tell = (event: object) =>
    webhook(server, { transactionId: payment.transactionId, providerPaymentId: null, ...event } as never)

  it('is not the sandbox’s to tell', async () => {
    await tell({ kind: 'disputed', disputeId: 'dp_1' }).expect(400)
  })
})

describe('payments', () => {
  it('are shown to their buyer, to who may see the course’s money and to admins, to nobody else', async () => {
    const viewer = await aBuyer(server, 'teacher')
    await aStaffMember(em, course, viewer, 'teacher', { view_revenue: true })
    for (const reader of [user, producer, viewer, admin]) {
      const agent = await server.signIn(reader)
      expect((await agent.get(`/api/payments/${payment.id}/`).expect(200)).body).toMatchObject({
        id: payment.id,
        amount: '100.00',
        user: user.id,
      })
      const list = await agent.get(`/api/payments/?course=${course.id}&status=completed`).expect(200)
      expect(list.body).toMatchObject({ count: 1, results: [{ id: payment.id }] })
      await agent.get(`/api/payments/${payment.id}/status/`).expect(200)
    }
    for (const stranger of [teacher, await aBuyer(server), await aBuyer(server, 'producer')]) {
      const agent = await server.signIn(stranger)
      await agent.get(`/api/payments/${payment.id}/`).expect(404)
      await agent.get(`/api/payments/${payment.id}/status/`).expect(404)
      expect((await agent.get(`/api/payments/?course=${course.id}`).expect(200)).body.count).toBe(0)
    }
    await server.visitor().get('/api/payments/').expect(401)
    await (await server.signIn(user)).get('/api/payments/../x/').expect(404)
    await (await server.signIn(user)).get('/api/payments/nonsense/').expect(404)
  })

  it('show where to pay to their buyer alone', async () => {
    const buyer = await aBuyer(server)
    const open = await aCheckout(server, buyer, course)
    const own = await (await server.signIn(buyer)).get(`/api/payments/${open.id}/`).expect(200)
    expect(own.body.checkout_url).toBe(open.checkoutUrl)
    const seen = await (await server.signIn(producer)).get(`/api/payments/${open.id}/`).expect(200)
    expect(seen.body.checkout_url).toBeNull()
  })

  it('outlive what they were for: neither their course nor their buyer can be deleted from under them', async () => {
    await expect(em.execute('delete from course where id = ?', [course.id])).rejects.toThrow(/foreign key/)
    await expect(em.execute('delete from users where id = ?', [user.id])).rejects.toThrow(/foreign key/)
  })
})
