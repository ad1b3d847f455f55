import sharp from 'sharp'
import request from 'supertest'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AuthToken } from '../../../server/accounts/auth-token.ts'
import { CustomUrlHistory } from '../../../server/accounts/custom-url-history.ts'
import { Education } from '../../../server/accounts/education.ts'
import { Profile } from '../../../server/accounts/profile.ts'
import { User } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { Channel } from '../../../server/channels/channel.ts'
import { Payment } from '../../../server/payments/payment.ts'
import { Review } from '../../../server/reviews/review.ts'
import { aCourse, anEnrollment } from '../../support/courses.ts'
import { takeMails } from '../../support/mail.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

const NEXT = 'violet umbrella 9'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ isHashing: true })
})
afterAll(() => server[Symbol.asyncDispose]())
beforeEach(async () => {
  await takeMails(server)
})

const em = () => server.context.orm.em.fork()
const login = (email: string, password: string) => server.visitor().post('/api/auth/login/').send({ email, password })

describe('changing the password', () => {
  it('signs everybody else out and the one who asks in anew', async () => {
    const user = await server.register()
    const [mine, other] = [await server.signIn(user), await server.signIn(user)]
    const client = (await login(user.email, PASSWORD)).body
    const answer = await mine
      .post('/api/auth/change-password/')
      .send({ current_password: PASSWORD, new_password: NEXT })
      .expect(200)
    expect(Object.keys(answer.body).sort()).toEqual(['csrf_token', 'user'])
    await mine.get('/api/auth/me/').expect(200)
    await mine.post('/api/auth/logout/').set('x-csrf-token', answer.body.csrf_token).expect(204)
    await other.get('/api/auth/me/').expect(401)
    await server.visitor().post('/api/auth/refresh/').send({ refresh: client.refresh }).expect(401)
    await request(server.server).get('/api/auth/me/').set('authorization', `Bearer ${client.access}`).expect(401)
    await login(user.email, PASSWORD).expect(401)
    await login(user.email, NEXT).expect(200)
    expect((await takeMails(server)).map(({ to, template }) => [to, template])).toEqual([
      [user.email, 'password-changed'],
    ])
  })

  it('gives a client new tokens', async () => {
    const user = await server.register()
    const { access } = (await login(user.email, PASSWORD)).body
    const answer = await request(server.server)
      .post('/api/auth/change-password/')
      .set('authorization', `Bearer ${access}`)
      .send({ current_password: PASSWORD, new_password: NEXT })
      .expect(200)
    expect(Object.keys(answer.body).sort()).toEqual(['access', 'refresh', 'user'])
    const bearer = (token: string) =>
      request(server.server).get('/api/auth/me/').set('authorization', `Bearer ${token}`)
    await bearer(access).expect(401)
    await bearer(answer.body.access).expect(200)
  })

  it('needs the current one, and a good new one', async () => {
    const browser = await server.signIn(await server.register())
    const change = (current_password: string, new_password: string) =>
      browser.post('/api/auth/change-password/').send({ current_password, new_password })
    const wrong = await change('not my password', NEXT).expect(400)
    expect(wrong.body).toEqual({ current_password: ['This is not your password.'] })
    expect(Object.keys((await change(PASSWORD, 'password123').expect(400)).body)).toEqual(['new_password'])
    await server.visitor().post('/api/auth/change-password/').send({}).expect(401)
    await browser.get('/api/auth/me/').expect(200)
  })

  it('lets nobody guess it in an open browser', async () => {
    await using strict = await startServer({ limitFactor: 1, isHashing: true })
    const browser = await strict.signIn(await strict.register())
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        browser.post('/api/auth/change-password/').send({ current_password: `guess ${index}`, new_password: NEXT }),
      ),
    )
    expect(guesses.filter(({ status }) => status === 400).length).toBeLessThanOrEqual(10)
    expect(guesses.some(({ status }) => status === 429)).toBe(true)
  })
})

describe('deleting the own account', () => {
  it('takes the person out and leaves payments, reviews and the course’s learners', async () => {
    const teacher = await server.register('teacher')
    const user = await server.register('student', 'Айгуль')
    const fork = em()
    const course = await aCourse(fork, teacher)
    await anEnrollment(fork, course, user)
    const owner = fork.getReference(User, user.id)
    fork.create(Payment, {
      user: owner,
      course,
      amount: '100.00',
      currency: 'KGS',
      status: 'completed',
      paymentMethod: 'test',
      transactionId: `pay_${user.id}`,
      provider: 'test',
    })
    fork.create(Review, { user: owner, course, rating: 5, title: 'Good', content: 'Very.' })
    const profile = await fork.findOneOrFail(Profile, { user: user.id })
    profile.bio = 'Who I am'
    fork.create(Education, { profile, institution: 'I', degree: 'D', fieldOfStudy: 'F', startDate: '2020-01-01' })
    fork.create(CustomUrlHistory, { profile, customUrl: `old-${user.id}` })
    await fork.flush()
    const browser = await server.signIn(user)
    const other = await server.signIn(user)

    await browser.delete('/api/auth/me/').send({ password: PASSWORD }).expect(204)

    for (const agent of [browser, other]) await agent.get('/api/auth/me/').expect(401)
    await login(user.email, PASSWORD).expect(401)
    const left = await em().findOneOrFail(User, { id: user.id })
    expect(left).toMatchObject({ phone: null, isActive: false, isVerified: false, deletedAt: expect.any(Date) })
    const kept = JSON.stringify([left, await em().findOneOrFail(Profile, { user: user.id })])
    for (const personal of [user.email, 'Айгуль', 'Who I am']) expect(kept).not.toContain(personal)
    expect(await em().count(Education, { profile })).toBe(0)
    expect(await em().count(AuthToken, { user: user.id, revokedAt: null, purpose: 'session' })).toBe(0)
    expect(await em().count(Payment, { user: user.id, amount: '100.00' })).toBe(1)
    expect(await em().count(Review, { user: user.id, rating: 5 })).toBe(1)
    expect(await em().count(AuditLog, { action: 'user.delete', object: `user:${user.id}` })).toBe(1)
  })

  it('takes a teacher’s name off the channel and the picture out of the store', async () => {
    const user = await server.register('teacher', 'Айгуль')
    const browser = await server.signIn(user)
    const picture = sharp({ create: { width: 10, height: 10, channels: 3, background: '#a51' } }).png()
    await browser
      .put('/api/profiles/me/avatar/')
      .type('image/png')
      .send(await picture.toBuffer())
      .expect(200)
    const { avatar } = await em().findOneOrFail(Profile, { user: user.id })
    await browser.delete('/api/auth/me/').send({ password: PASSWORD }).expect(204)
    const channel = await em().findOneOrFail(Channel, { owner: user.id })
    expect(channel).toMatchObject({
      title: 'Deleted account',
      slug: expect.stringMatching(/^deleted-[0-9a-f]{24}$/),
      description: '',
    })
    expect(await server.context.store.head(avatar ?? '')).toBeNull()
  })

  it('frees the address for another account', async () => {
    const user = await server.register()
    const browser = await server.signIn(user)
    await browser.delete('/api/auth/me/').send({ password: PASSWORD }).expect(204)
    await server
      .visitor()
      .post('/api/auth/register/')
      .send({ email: user.email, password: NEXT, first_name: 'New', last_name: 'Person' })
      .expect(202)
    const signedIn = await login(user.email, NEXT).expect(200)
    expect(signedIn.body.user.id).not.toBe(user.id)
  })

  it('needs the password, and is refused to the last admin', async () => {
    const user = await server.register()
    const browser = await server.signIn(user)
    const wrong = await browser.delete('/api/auth/me/').send({ password: 'not my password' }).expect(400)
    expect(Object.keys(wrong.body)).toEqual(['password'])
    await browser.delete('/api/auth/me/').expect(400)
    await browser.get('/api/auth/me/').expect(200)
    await server.visitor().delete('/api/auth/me/').send({ password: PASSWORD }).expect(401)
    const admin = await server.signIn(await server.register('admin'))
    const last = await admin.delete('/api/auth/me/').send({ password: PASSWORD }).expect(409)
    expect(last.body.code).toBe('last_admin')
  })
})
