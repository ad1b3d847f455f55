import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import { User } from '../../../server/accounts/user.ts'
import { aCourse, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const em = () => server.context.orm.em.fork()
const profileOf = (user: User) => em().findOneOrFail(Profile, { user: user.id })
const names = { first_name: 'Айгуль', last_name: 'Ахметова' }

describe('the own profile', () => {
  it('is shown to its owner, names and phone with it, and to no guest', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    const { body } = await browser.get('/api/profiles/me/').expect(200)
    expect(body).toMatchObject({
      user_id: user.id,
      email: user.email,
      role: 'teacher',
      rating: '0.00',
      verification_status: 'pending',
      custom_url: null,
      avatar_url: null,
      education: [],
      work_experience: [],
    })
    expect(body.channel).toEqual(expect.any(String))
    await server.visitor().get('/api/profiles/me/').expect(401)
    await server.visitor().put('/api/profiles/me/').send(names).expect(401)
  })

  it('is replaced by PUT, where what is left out is empty, and changed by PATCH', async () => {
    const browser = await server.signIn(await server.register('student'))
    await browser
      .patch('/api/profiles/me')
      .send({ bio: '<p>Felt</p>', phone: '+996555123456', display_name: 'Felt maker', language: 'en' })
      .expect(200)
    const patched = await browser.patch('/api/profiles/me/').send({ first_name: 'Aigul' }).expect(200)
    expect(patched.body).toMatchObject({
      first_name: 'Aigul',
      bio: '<p>Felt</p>',
      phone: '+996555123456',
      display_name: 'Felt maker',
      language: 'en',
    })
    const replaced = await browser.put('/api/profiles/me/').send(names).expect(200)
    expect(replaced.body).toMatchObject({ ...names, bio: '', phone: null, display_name: 'Айгуль А.', language: 'ru' })
    expect(Object.keys((await browser.put('/api/profiles/me/').send({ bio: 'x' }).expect(400)).body)).toEqual([
      'first_name',
      'last_name',
    ])
  })

  it('has a public name that follows the names until one is chosen', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const patch = async (change: object) => (await browser.patch('/api/profiles/me/').send(change).expect(200)).body
    expect((await patch({ first_name: 'Aigul', last_name: 'A' })).display_name).toBe('Aigul A')
    expect((await patch({ display_name: 'Felt maker' })).display_name).toBe('Felt maker')
    expect((await patch({ first_name: 'Gulya' })).display_name).toBe('Felt maker')
  })

  it('takes nothing that is earned or checked by others', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    const before = [await profileOf(user), await em().findOneOrFail(User, { id: user.id })].map((row) => ({ ...row }))
    for (const [field, value] of Object.entries({
      rating: '5.00',
      courses_count: 9,
      reviews_count: 9,
      verification_status: 'verified',
      role: 'admin',
      is_verified: true,
      is_active: true,
      email: 'other@example.org',
      custom_url: 'mine',
      avatar: 'public/avatars/x.webp',
      avatar_url: 'https://evil.example/x.png',
      user: 1,
      user_id: 1,
      id: 1,
      password_hash: 'x',
      token_version: 9,
    })) {
      for (const method of ['patch', 'put'] as const) {
        const answer = await browser[method]('/api/profiles/me/').send({ ...names, [field]: value })
        expect([field, answer.status, Object.keys(answer.body)]).toEqual([field, 400, [field]])
      }
    }
    const after = [await profileOf(user), await em().findOneOrFail(User, { id: user.id })].map((row) => ({ ...row }))
    expect(after).toEqual(before)
  })

  it('keeps no script of a biography', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const bio = `<p onclick="x()">Hi <script>alert(1)</script><a href="javascript:x()">a</a>
      <img src=x onerror=x()><svg onload=x()></svg><iframe src="//evil"></iframe><b>bold</b></p>`
    const { body } = await browser.patch('/api/profiles/me/').send({ bio }).expect(200)
    expect(body.bio).not.toMatch(/script|onclick|onerror|onload|svg|iframe|javascript/i)
    expect(body.bio).toContain('<b>bold</b>')
  })

  it.each([
    [{ phone: '12' }, 'phone'],
    [{ phone: 'javascript:1' }, 'phone'],
    [{ first_name: '' }, 'first_name'],
    [{ display_name: 'x'.repeat(51) }, 'display_name'],
    [{ display_name: 'evil\u202Etxt' }, 'display_name'],
    [{ last_name: 'a\r\nBcc: x' }, 'last_name'],
    [{ bio: 'x'.repeat(10_001) }, 'bio'],
    [{ language: 'de' }, 'language'],
  ])('refuses %j', async (change, field) => {
    const browser = await server.signIn(await server.register())
    const answer = await browser.patch('/api/profiles/me/').send(change).expect(400)
    expect(Object.keys(answer.body)).toEqual([field])
  })
})

describe('a profile that others look at', () => {
  it('has nothing private of a teacher in it', async () => {
    const teacher = await server.register('teacher')
    await em().nativeUpdate(User, { id: teacher.id }, { phone: '+996555123456' })
    const { body, text } = await server
      .visitor()
      .get(`/api/profiles/${(await profileOf(teacher)).id}/`)
      .expect(200)
    expect(body.user_id).toBe(teacher.id)
    expect(text).not.toMatch(/example\.org|996555|"email"|"phone"|"role"|"is_verified"|"first_name"/)
  })

  it('of a student is there for themselves, staff of their courses and admins, and for nobody else', async () => {
    const [student, teacher, assistant, stranger, classmate, demoted] = [
      await server.register('student'),
      await server.register('teacher'),
      await server.register('student'),
      await server.register('teacher'),
      await server.register('student'),
      await server.register('teacher'),
    ]
    const fork = em()
    const course = await aCourse(fork, teacher)
    await aStaffMember(fork, course, assistant, 'assistant')
    await aStaffMember(fork, course, demoted, 'teacher')
    await anEnrollment(fork, course, student)
    await anEnrollment(fork, course, classmate)
    await em().nativeUpdate(User, { id: demoted.id }, { role: 'student' })
    const path = `/api/profiles/${(await profileOf(student)).id}/`
    for (const user of [student, teacher, assistant, await server.register('admin')]) {
      const { body, text } = await (await server.signIn(user)).get(path).expect(200)
      expect(body).toMatchObject({ user_id: student.id, verification_status: null })
      expect(text).not.toContain(student.email)
    }
    const none = await server.visitor().get('/api/profiles/999999/').expect(404)
    const refusals = [(await server.visitor().get(path).expect(404)).text]
    for (const user of [stranger, classmate, demoted]) {
      refusals.push((await (await server.signIn(user)).get(path).expect(404)).text)
    }
    expect(new Set(refusals)).toEqual(new Set([none.text]))
  })

  it('of a student is hidden again once they have left the course', async () => {
    const [student, teacher] = [await server.register('student'), await server.register('teacher')]
    const fork = em()
    const enrollment = await anEnrollment(fork, await aCourse(fork, teacher), student)
    const path = `/api/profiles/${(await profileOf(student)).id}/`
    const browser = await server.signIn(teacher)
    await browser.get(path).expect(200)
    enrollment.status = 'refunded'
    await fork.flush()
    await browser.get(path).expect(404)
  })

  it('is gone with the account', async () => {
    const teacher = await server.register('teacher')
    const path = `/api/profiles/${(await profileOf(teacher)).id}/`
    await server.visitor().get(path).expect(200)
    await em().nativeUpdate(User, { id: teacher.id }, { isActive: false })
    await server.visitor().get(path).expect(404)
  })
})
