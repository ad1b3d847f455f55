import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import type { Course } from '../../../server/courses/course.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { expirePendingPayments } from '../../../server/payments/expire-pending-payments.job.ts'
import { PromoCode } from '../../../server/payments/promo-code.ts'
import { aCourse, aStaffMember } from '../../support/courses.ts'
import { aBuyer, aCheckout, paid, paymentOf, placeOf, startShop, webhook } from '../../support/payments.ts'
import type { TestServer } from '../../support/server.ts'

let server: TestServer
let em: EntityManager
let teacher: User
let producer: User
let course: Course
let made = 0
beforeAll(async () => {
  server = await startShop()
  teacher = await aBuyer(server, 'teacher')
  producer = await aBuyer(server, 'producer')
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  em = server.context.orm.em.fork()
  course = await aCourse(em, teacher, { price: '19.99' })
  await aStaffMember(em, course, producer, 'producer')
})

async function aPromo(given: object = {}): Promise<PromoCode> {
  made += 1
  const promo = em.create(PromoCode, { code: `SALE${made}`, percent: 50, course, ...given } as never)
  await em.flush()
  return promo
}
const usedOf = async ({ id }: PromoCode) => (await em.fork().findOneOrFail(PromoCode, { id })).used
async function buy(user: User, code: string, id = course.id) {
  return (await server.signIn(user)).post('/api/payments/checkout/').send({ course: id, promo_code: code })
}

describe('a promo code', () => {
  it('makes a checkout cheaper, whatever its case, rounded half up', async () => {
    const promo = await aPromo()
    const payment = await aCheckout(server, await aBuyer(server), course, {
      promo_code: ` ${promo.code.toLowerCase()} `,
    })
    expect(payment.amount).toBe('9.99')
    expect(await usedOf(promo)).toBe(1)
    await webhook(server, paid(payment, { amount: 999 })).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('completed')
    expect(await usedOf(promo)).toBe(1)
  })

  it('of an amount counts in its own currency alone', async () => {
    const promo = await aPromo({ percent: null, amount: '5.00', currency: 'RUB' })
    expect((await aCheckout(server, await aBuyer(server), course, { promo_code: promo.code })).amount).toBe('14.99')
    const foreign = await aPromo({ percent: null, amount: '5.00', currency: 'USD' })
    const answer = await buy(await aBuyer(server), foreign.code)
    expect([answer.status, answer.body.code]).toEqual([400, 'promo_invalid'])
  })

  it('of a hundred percent gives the place at once, also by enrolling', async () => {
    const promo = await aPromo({ percent: 100 })
    const [first, second] = [await aBuyer(server), await aBuyer(server)]
    expect((await buy(first, promo.code)).status).toBe(201)
    const enrolled = await (await server.signIn(second))
      .post(`/api/courses/${course.id}/enroll/`)
      .send({ promo_code: promo.code })
      .expect(201)
    expect(enrolled.body.source).toBe('promo')
    expect(await placeOf(server, first, course)).toMatchObject({ source: 'promo', studentsCount: 2 })
    expect((await buy(first, promo.code)).status).toBe(200)
    expect(await usedOf(promo)).toBe(2)
  })

  it('that is unknown, of another course, not begun or over is invalid in the same words', async () => {
    const other = await aCourse(em, teacher, { price: '10.00' })
    const hour = 3_600_000
    const codes = [
      'NOSUCHCODE',
      (await aPromo({ course: other })).code,
      (await aPromo({ startsAt: new Date(Date.now() + hour) })).code,
      (await aPromo({ endsAt: new Date(Date.now() - hour) })).code,
    ]
    const user = await aBuyer(server)
    const answers = await Promise.all(codes.map((code) => buy(user, code)))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]?.body.code).toBe('promo_invalid')
    const everywhere = await aPromo({ course: null })
    expect((await buy(user, everywhere.code)).status).toBe(202)
  })

  it('of fifty who want its five uses at once serves five', async () => {
    const promo = await aPromo({ maxUses: 5 })
    const agents = await Promise.all(Array.from({ length: 50 }, async () => server.signIn(await aBuyer(server))))
    const answers = await Promise.all(
      agents.map((agent) => agent.post('/api/payments/checkout/').send({ course: course.id, promo_code: promo.code })),
    )
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 202)).toHaveLength(5)
    expect(answers.filter(({ body }) => body.code === 'promo_used_up')).toHaveLength(45)
    expect(await usedOf(promo)).toBe(5)
  }, 120_000)

  it('is free again when a checkout comes to nothing, once, and taken again when the money comes after all', async () => {
    const promo = await aPromo({ maxUses: 1 })
    const user = await aBuyer(server)
    const payment = await aCheckout(server, user, course, { promo_code: promo.code })
    expect((await buy(await aBuyer(server), promo.code)).body.code).toBe('promo_used_up')
    await em.execute(`update payment set expires_at = now() - interval '1 minute' where id = ?`, [payment.id])
    await expirePendingPayments(server.context)
    expect(await usedOf(promo)).toBe(0)
    await webhook(server, { ...paid(payment), kind: 'failed' } as never).expect(200)
    expect(await usedOf(promo)).toBe(0)
    await webhook(server, paid(payment, { amount: 999 })).expect(200)
    expect(await usedOf(promo)).toBe(1)
  })

  it('of late payments and new checkouts at once is counted right, and nobody waits for ever', async () => {
    const promo = await aPromo()
    const late = await Promise.all(
      Array.from({ length: 8 }, async () =>
        aCheckout(server, await aBuyer(server), course, { promo_code: promo.code }),
      ),
    )
    await em.execute(`update payment set expires_at = now() - interval '1 minute' where course_id = ?`, [course.id])
    await expirePendingPayments(server.context)
    expect(await usedOf(promo)).toBe(0)
    const agents = await Promise.all(Array.from({ length: 8 }, async () => server.signIn(await aBuyer(server))))
    await Promise.all([
      ...late.map((payment) => webhook(server, paid(payment, { amount: 999 })).expect(200)),
      ...agents.map((agent) =>
        agent.post('/api/payments/checkout/').send({ course: course.id, promo_code: promo.code }).expect(202),
      ),
    ])
    expect(await usedOf(promo)).toBe(16)
  })

  it('is free again when the course is archived with the checkout open', async () => {
    const promo = await aPromo()
    const payment = await aCheckout(server, await aBuyer(server), course, { promo_code: promo.code })
    await (await server.signIn(producer)).post(`/api/courses/${course.id}/archive/`).send({}).expect(200)
    expect((await paymentOf(server, payment.id)).status).toBe('failed')
    expect(await usedOf(promo)).toBe(0)
  })

  it('named later takes the place of the open checkout; without one the cheaper checkout stays', async () => {
    const promo = await aPromo()
    const user = await aBuyer(server)
    const dear = await aCheckout(server, user, course)
    const cheap = await aCheckout(server, user, course, { promo_code: promo.code })
    expect([cheap.id === dear.id, cheap.amount]).toEqual([false, '9.99'])
    expect((await paymentOf(server, dear.id)).status).toBe('failed')
    expect((await aCheckout(server, user, course)).id).toBe(cheap.id)
    expect((await aCheckout(server, user, course, { promo_code: promo.code })).id).toBe(cheap.id)
    expect(await usedOf(promo)).toBe(1)
  })
})

describe('making promo codes', () => {
  const body = (given: object = {}) => ({ code: `New-${++made}`, percent: 10, course: course.id, ...given })

  it('is a producer’s, and a teacher’s with manage_pricing, of their course; admins’ for every course', async () => {
    const pricing = await aBuyer(server, 'teacher')
    await aStaffMember(em, course, pricing, 'teacher', { manage_pricing: true })
    for (const maker of [producer, pricing]) {
      const agent = await server.signIn(maker)
      const { body: promo } = await agent.post('/api/promo-codes/').send(body()).expect(201)
      expect(promo).toMatchObject({ code: `NEW-${made}`, percent: 10, course: course.id, used: 0 })
      await agent
        .post('/api/promo-codes/')
        .send(body({ course: null }))
        .expect(403)
      const list = await agent.get(`/api/promo-codes/?course=${course.id}`).expect(200)
      expect(list.body.results[0].id).toBe(promo.id)
      await agent.get('/api/promo-codes/').expect(403)
      await agent.patch(`/api/promo-codes/${promo.id}/`).send({ percent: 20, max_uses: 3 }).expect(200)
      expect((await agent.get(`/api/promo-codes/${promo.id}/`).expect(200)).body).toMatchObject({
        percent: 20,
        max_uses: 3,
      })
      await agent.delete(`/api/promo-codes/${promo.id}/`).expect(204)
      await agent.get(`/api/promo-codes/${promo.id}/`).expect(404)
    }
    const admin = await server.signIn(await aBuyer(server, 'admin'))
    await admin
      .post('/api/promo-codes/')
      .send(body({ course: null }))
      .expect(201)
    await admin.get('/api/promo-codes/').expect(200)
  })

  it('is nobody else’s, and others’ codes are not there', async () => {
    const promo = await aPromo()
    for (const stranger of [teacher, await aBuyer(server), await aBuyer(server, 'producer')]) {
      const agent = await server.signIn(stranger)
      await agent.post('/api/promo-codes/').send(body()).expect(403)
      await agent.get(`/api/promo-codes/${promo.id}/`).expect(404)
      await agent.patch(`/api/promo-codes/${promo.id}/`).send({ percent: 100 }).expect(404)
      await agent.delete(`/api/promo-codes/${promo.id}/`).expect(404)
    }
    await server.visitor().post('/api/promo-codes/').send(body()).expect(401)
  })

  it('needs a percentage or an amount with its currency, and a time that ends after it begins', async () => {
    const agent = await server.signIn(producer)
    for (const wrong of [
      { percent: null },
      { amount: '5', currency: 'RUB' },
      { percent: null, amount: '5' },
      { percent: 0 },
      { percent: 101 },
      { percent: 9.5 },
      { percent: null, amount: '0', currency: 'RUB' },
      { percent: null, amount: '-5', currency: 'RUB' },
      { code: 'a b' },
      { used: 5 },
      { starts_at: '2027-01-02T00:00:00Z', ends_at: '2027-01-01T00:00:00Z' },
    ]) {
      const answer = await agent.post('/api/promo-codes/').send(body(wrong))
      expect([answer.status, wrong]).toEqual([400, wrong])
    }
  })

  it('knows no case, and no uses fewer than were made', async () => {
    const promo = await aPromo({ used: 3 })
    const agent = await server.signIn(producer)
    const taken = await agent.post('/api/promo-codes/').send(body({ code: promo.code.toLowerCase() }))
    expect([taken.status, taken.body.code]).toEqual([409, 'promo_taken'])
    await agent.patch(`/api/promo-codes/${promo.id}/`).send({ max_uses: 2 }).expect(400)
    await agent.patch(`/api/promo-codes/${promo.id}/`).send({ amount: '5' }).expect(400)
    await agent.patch(`/api/promo-codes/${promo.id}/`).send({ used: 0 }).expect(400)
  })
})
