import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AuthToken } from '../../../server/accounts/auth-token.ts'
import { Education } from '../../../server/accounts/education.ts'
import { Profile } from '../../../server/accounts/profile.ts'
import type { User } from '../../../server/accounts/user.ts'
import { User as UserRow } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { Channel } from '../../../server/channels/channel.ts'
import { Payment } from '../../../server/payments/payment.ts'
import { Revenue } from '../../../server/payments/revenue.ts'
import { Review } from '../../../server/reviews/review.ts'
import { aCourse, anEnrollment } from '../../support/courses.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let root: User
let admin: Awaited<ReturnType<TestServer['signIn']>>
beforeAll(async () => {
  server = await startServer()
  root = await server.register('admin', 'Root')
  admin = await server.signIn(root)
})
afterAll(() => server[Symbol.asyncDispose]())

const fork = () => server.context.orm.em.fork()
const at = (user: { id: number }) => `/api/admin/users/${user.id}/`
const linesOf = (object: string) => fork().find(AuditLog, { object }, { orderBy: { id: 'asc' } })

describe('accounts for an admin', () => {
  it('are nobody else’s, whatever the address', async () => {
    const victim = await server.register()
    for (const role of [null, 'student', 'teacher', 'producer'] as const) {
      const agent = role ? await server.signIn(await server.register(role)) : server.visitor()
      const status = role ? 403 : 401
      for (const path of ['/api/admin/users/', at(victim), at({ id: 999_999 })]) await agent.get(path).expect(status)
      await agent.put(at(victim)).send({ role: 'admin' }).expect(status)
      await agent.patch(at(victim)).send({ is_verified: true }).expect(status)
      await agent.delete(at(victim)).expect(status)
      await agent.post('/api/admin/profiles/1/verification/').send({ status: 'verified' }).expect(status)
    }
    expect(await fork().findOneOrFail(UserRow, { id: victim.id })).toMatchObject({ role: 'student', deletedAt: null })
  })

  it('are found by parts of their name and address, by role and by flags, in a stable order, page by page', async () => {
    const people = [await server.register('producer', 'Zoya'), await server.register('producer', 'Zoya')]
    const search = async (query: string) =>
      (await admin.get(`/api/admin/users/?${query}`).expect(200)).body.results.map(({ id }: { id: number }) => id)
    const [older, newer] = people.map(({ id }) => id)
    expect(await search('search=zoy')).toEqual([newer, older])
    expect(await search(`search=zoya,${people[0]?.email.toUpperCase()}`)).toEqual([older])
    expect(await search('search=zoya&ordering=created_at')).toEqual([older, newer])
    expect(await search('search=zoya&ordering=password_hash')).toEqual([newer, older])
    expect(await search('search=%25')).toEqual([])
    expect(await search('search=zoya&role=student')).toEqual([])
    expect(await search('search=zoya&role=producer&is_active=true&is_verified=false')).toEqual([newer, older])
    const page = (await admin.get('/api/admin/users/?search=zoya&page_size=1&page=2').expect(200)).body
    expect(page).toMatchObject({
      count: 2,
      next: null,
      results: [{ id: older, role: 'producer', display_name: expect.stringMatching(/Zoya/) }],
    })
    await admin.get('/api/admin/users/?search=zoya&page=3').expect(404)
    expect((await admin.get('/api/admin/users/?role=root').expect(400)).body).toHaveProperty('role')
    expect((await admin.get('/api/admin/users/?is_active=perhaps').expect(400)).body).toHaveProperty('is_active')
  })

  it('never show a password’s hash', async () => {
    expect(JSON.stringify((await admin.get(at(root)).expect(200)).body)).not.toMatch(/hash|argon|password/)
    await admin.get(at({ id: 999_999 })).expect(404)
    await admin.get('/api/admin/users/none/').expect(400)
    await admin.get('/api/admin/users/99999999999999999999/').expect(400)
  })

  it('can be changed only in what is said; ids, counters and hashes are refused', async () => {
    const user = await server.register()
    for (const body of [
      { email: 'other@example.org' },
      { password_hash: 'x' },
      { token_version: 0 },
      { deleted_at: null },
      { id: 1 },
      { role: 'root' },
      { first_name: 'A\r\nBcc: x' },
      { is_active: 'no' },
    ]) {
      await admin.put(at(user)).send(body).expect(400)
    }
    expect((await linesOf(`user:${user.id}`)).length).toBe(0)
  })
})

describe('a changed account', () => {
  it('of another role loses every session and token at once, and the change is written down', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    const client = server.visitor()
    const tokens = (await client.post('/api/auth/login/').send({ email: user.email, password: PASSWORD })).body
    const answer = await admin.put(at(user)).send({ role: 'student', first_name: 'Renamed' }).expect(200)
    expect(answer.body).toMatchObject({ role: 'student', first_name: 'Renamed' })

    await browser.get('/api/auth/me/').expect(401)
    await client.get('/api/auth/me/').set('authorization', `Bearer ${tokens.access}`).expect(401)
    await client.post('/api/auth/refresh/').send({ refresh: tokens.refresh }).expect(401)
    const [line] = await linesOf(`user:${user.id}`)
    expect(line).toMatchObject({
      action: 'user.role',
      details: { role: ['teacher', 'student'], firstName: ['Person', 'Renamed'] },
    })
    expect(line?.actor?.id).toBe(root.id)
    expect(line?.address).toMatch(/^198\.51\./)
    const { tokenVersion } = await fork().findOneOrFail(UserRow, { id: user.id })
    expect(tokenVersion).toBe(user.tokenVersion + 1)
  })

  it('that begins to teach gets a channel', async () => {
    const user = await server.register()
    expect(await fork().count(Channel, { owner: user.id })).toBe(0)
    await admin.patch(at(user)).send({ role: 'teacher' }).expect(200)
    expect(await fork().count(Channel, { owner: user.id })).toBe(1)
  })

  it('is called as it is named from then on, unless it chose a name; a student’s surname is nobody’s business', async () => {
    const nameOf = async (user: User) => (await fork().findOneOrFail(Profile, { user: user.id })).displayName
    const user = await server.register('student', 'Olga')
    await admin.patch(at(user)).send({ role: 'teacher', last_name: 'Kim' }).expect(200)
    expect(await nameOf(user)).toBe('Olga Kim')
    await admin.patch(at(user)).send({ role: 'student' }).expect(200)
    expect(await nameOf(user)).toBe('Olga K.')
    await fork().nativeUpdate(Profile, { user: user.id }, { displayName: 'Captain' })
    await admin.patch(at(user)).send({ first_name: 'Anna' }).expect(200)
    expect(await nameOf(user)).toBe('Captain')
  })

  it('that is closed signs in no more, until it is opened', async () => {
    const user = await server.register()
    const browser = await server.signIn(user)
    await admin.patch(at(user)).send({ is_active: false }).expect(200)
    await browser.get('/api/auth/me/').expect(401)
    const login = () => server.visitor().post('/api/auth/login/').send({ email: user.email, password: PASSWORD })
    await login().expect(401)
    await admin.patch(at(user)).send({ is_active: true }).expect(200)
    await login().expect(200)
    expect((await linesOf(`user:${user.id}`)).map(({ action }) => action)).toEqual(['user.active', 'user.active'])
  })

  it('stays signed in when only its name or address was seen to; the same again is no change', async () => {
    const user = await server.register()
    const browser = await server.signIn(user)
    await admin.patch(at(user)).send({ is_verified: true, last_name: 'New' }).expect(200)
    await admin.patch(at(user)).send({ is_verified: true, role: 'student', is_active: true }).expect(200)
    expect((await browser.get('/api/auth/me/').expect(200)).body).toMatchObject({ is_verified: true, last_name: 'New' })
    expect(await linesOf(`user:${user.id}`)).toHaveLength(1)
  })
})

describe('the last admin', () => {
  it('can be neither demoted, closed nor deleted', async () => {
    await using alone = await startServer()
    const last = await alone.register('admin')
    const agent = await alone.signIn(last)
    for (const body of [{ role: 'teacher' }, { is_active: false }]) {
      const answer = await agent.put(at(last)).send(body).expect(409)
      expect(answer.body.code).toBe('last_admin')
    }
    await agent.delete(at(last)).expect(409)
    await agent.get('/api/auth/me/').expect(200)
    // An account that is closed is no second one.
    const closed = await alone.register('admin')
    await agent.patch(at(closed)).send({ is_active: false }).expect(200)
    await agent.put(at(last)).send({ role: 'student' }).expect(409)
    await agent.put(at(closed)).send({ role: 'student' }).expect(200)
  })

  it.each(['role', 'is_active', 'delete'])('is left when all demote each other at once: %s', async (how) => {
    await using crowd = await startServer()
    const admins = await Promise.all(Array.from({ length: 6 }, () => crowd.register('admin')))
    const agents = await Promise.all(admins.map((user) => crowd.signIn(user)))
    const answers = await Promise.all(
      agents.map((agent, index) => {
        const other = admins[(index + 1) % admins.length] as User
        if (how === 'delete') return agent.delete(at(other))
        return agent.put(at(other)).send(how === 'role' ? { role: 'student' } : { is_active: false })
      }),
    )
    const left = await crowd.context.orm.em.fork().count(UserRow, { role: 'admin', isActive: true, deletedAt: null })
    expect(left).toBe(1)
    for (const { status } of answers) expect([200, 204, 401, 403, 409]).toContain(status)
  })
})

describe('a deleted account', () => {
  it('holds nothing of the person, and its money, reviews and places stay', async () => {
    const person = await server.register('student', 'Ludmila')
    const browser = await server.signIn(person)
    const em = fork()
    const course = await aCourse(em, await server.register('teacher'), { price: '900.00' })
    const user = em.getReference(UserRow, person.id)
    const payment = em.create(Payment, {
      user,
      course,
      amount: '900.00',
      currency: 'RUB',
      status: 'completed',
      transactionId: `pay_${person.id}`,
      provider: 'sandbox',
    })
    em.create(Revenue, {
      course,
      payment,
      amount: '900.00',
      currency: 'RUB',
      transactionType: 'sale',
      providerRef: 'x',
      date: new Date(),
    })
    em.create(Review, { course, user, rating: 5, content: 'Good.' })
    const profile = await em.findOneOrFail(Profile, { user })
    Object.assign(profile, { bio: 'I am Ludmila', customUrl: 'ludmila' })
    em.create(Education, { profile, institution: 'School', degree: 'd', fieldOfStudy: 'f', startDate: '2020-01-01' })
    await anEnrollment(em, course, person, { source: 'payment' })
    await em.flush()

    await admin.delete(at(person)).expect(204)
    await browser.get('/api/auth/me/').expect(401)
    const after = fork()
    const row = await after.findOneOrFail(UserRow, { id: person.id })
    expect(row).toMatchObject({ firstName: 'Deleted', phone: null, isActive: false, deletedAt: expect.any(Date) })
    expect(await after.findOneOrFail(Profile, { user: row })).toMatchObject({ bio: '', customUrl: null, avatar: null })
    expect(await after.count(Education, { profile: { user: row } })).toBe(0)
    expect(await after.count(AuthToken, { user: row, userAgent: { $ne: '' } })).toBe(0)
    expect(await after.count(Payment, { user: row })).toBe(1)
    expect(await after.count(Revenue, { payment: { user: row } })).toBe(1)
    expect(await after.count(Review, { user: row })).toBe(1)
    const everything = JSON.stringify([
      await after.execute('select * from users where id = ?', [person.id]),
      await after.execute('select * from profile where user_id = ?', [person.id]),
      await linesOf(`user:${person.id}`),
    ])
    expect(everything).not.toContain('Ludmila')
    expect(everything).not.toContain(person.email)

    // The address is free again, and nobody signs in as the old one.
    expect((await admin.get('/api/admin/users/?search=ludmila').expect(200)).body.count).toBe(0)
    const gone = (await admin.get(`/api/admin/users/?is_deleted=true&search=deleted-${person.id}@`).expect(200)).body
    expect(gone.results).toMatchObject([{ id: person.id, deleted_at: expect.any(String) }])
    for (const email of [person.email, row.email]) {
      await server.visitor().post('/api/auth/login/').send({ email, password: PASSWORD }).expect(401)
    }
    await admin.delete(at(person)).expect(404)
    await admin.put(at(person)).send({ is_active: true }).expect(404)
  })
})

describe('the verification of a teacher', () => {
  it('is said once, with a mail and a line', async () => {
    const teacher = await server.register('teacher')
    const profile = await fork().findOneOrFail(Profile, { user: teacher.id })
    const path = `/api/admin/profiles/${profile.id}/verification/`
    const body = { status: 'rejected', comment: 'The scan cannot be read.' }
    const answers = await Promise.all(Array.from({ length: 5 }, () => admin.post(path).send(body)))
    for (const answer of answers) {
      expect([answer.status, answer.body]).toEqual([200, { id: profile.id, verification_status: 'rejected' }])
    }
    const mails = await fork().execute<{ data: object }[]>(
      `select data from pgboss.job where name = 'send-mail' and data ->> 'to' = ?`,
      [teacher.email],
    )
    expect(mails.map(({ data }) => data)).toMatchObject([
      { template: 'teacher-verification', data: { status: 'rejected', comment: 'The scan cannot be read.' } },
    ])
    expect((await linesOf(`profile:${profile.id}`)).map(({ details }) => details)).toEqual([
      { verificationStatus: ['pending', 'rejected'], comment: 'The scan cannot be read.' },
    ])
  })

  it('is not for students, nor for profiles that are not there', async () => {
    const student = await server.register()
    const profile = await fork().findOneOrFail(Profile, { user: student.id })
    const answer = await admin.post(`/api/admin/profiles/${profile.id}/verification/`).send({ status: 'verified' })
    expect([answer.status, answer.body.code]).toEqual([409, 'not_a_teacher'])
    await admin.post('/api/admin/profiles/999999/verification/').send({ status: 'verified' }).expect(404)
    await admin.post(`/api/admin/profiles/${profile.id}/verification/`).send({ status: 'great' }).expect(400)
  })
})
