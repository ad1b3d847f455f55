import sharp from 'sharp'
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

describe('education and work', () => {
  const study = { institution: 'KNU', degree: 'BA', field_of_study: 'Felt', start_date: '2010-09-01' }
  const work = { company: 'Tumar', position: 'Maker', start_date: '2015-01-01', end_date: '2016-01-01' }

  it('are listed with what goes on first, then by their end', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    for (const [institution, end_date] of [
      ['earlier', '2014-06-30'],
      ['goes on', null],
      ['later', '2020-06-30'],
    ]) {
      await browser
        .post('/api/profiles/me/education/')
        .send({ ...study, institution, end_date })
        .expect(201)
    }
    const { body } = await browser.get('/api/profiles/me/education/').expect(200)
    expect(body).toMatchObject({ count: 3, next: null, previous: null })
    const order = ['goes on', 'later', 'earlier']
    expect(body.results.map(({ institution }: { institution: string }) => institution)).toEqual(order)
    const shown = await server
      .visitor()
      .get(`/api/profiles/${(await profileOf(user)).id}/`)
      .expect(200)
    expect(shown.body.education.map(({ institution }: { institution: string }) => institution)).toEqual(order)
  })

  it('can be replaced and removed', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const html = '<b>felt</b><script>x()</script>'
    const { body } = await browser
      .post('/api/profiles/me/work-experience')
      .send({ ...work, description: html })
      .expect(201)
    expect(body).toEqual({ id: expect.any(Number), ...work, description: '<b>felt</b>' })
    const replaced = await browser
      .put(`/api/profiles/me/work-experience/${body.id}/`)
      .send({ company: 'Kiyiz', position: 'Master', start_date: '2017-01-01' })
      .expect(200)
    expect(replaced.body).toEqual({
      id: body.id,
      company: 'Kiyiz',
      position: 'Master',
      description: '',
      start_date: '2017-01-01',
      end_date: null,
    })
    await browser.delete(`/api/profiles/me/work-experience/${body.id}/`).expect(204)
    await browser.delete(`/api/profiles/me/work-experience/${body.id}/`).expect(404)
    const entry = await browser.post('/api/profiles/me/education/').send(study).expect(201)
    const again = { ...study, degree: 'MA', end_date: '2012-01-01' }
    await browser.put(`/api/profiles/me/education/${entry.body.id}/`).send(again).expect(200)
    await browser.delete(`/api/profiles/me/education/${entry.body.id}/`).expect(204)
  })

  it('of others cannot be touched by their id, nor given to others', async () => {
    const [owner, stranger] = [
      await server.signIn(await server.register('teacher')),
      await server.signIn(await server.register('teacher')),
    ]
    for (const [path, entry] of [
      ['education', study],
      ['work-experience', work],
    ] as const) {
      const { id } = (await owner.post(`/api/profiles/me/${path}/`).send(entry).expect(201)).body
      await stranger.put(`/api/profiles/me/${path}/${id}/`).send(entry).expect(404)
      await stranger.delete(`/api/profiles/me/${path}/${id}/`).expect(404)
      expect((await stranger.get(`/api/profiles/me/${path}/`)).body.count).toBe(0)
      await stranger
        .post(`/api/profiles/me/${path}/`)
        .send({ ...entry, profile: 1 })
        .expect(400)
      await server.visitor().get(`/api/profiles/me/${path}/`).expect(401)
      expect((await owner.get(`/api/profiles/me/${path}/`)).body.count).toBe(1)
    }
  })

  it('end after they begin, on days that there are', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    for (const [change, field] of [
      [{ end_date: '2010-08-31' }, 'end_date'],
      [{ start_date: '2010-02-30' }, 'start_date'],
      [{ start_date: '0001-01-01' }, 'start_date'],
      [{ institution: ' ' }, 'institution'],
    ] as const) {
      const answer = await browser
        .post('/api/profiles/me/education/')
        .send({ ...study, ...change })
        .expect(400)
      expect(Object.keys(answer.body)).toEqual([field])
    }
    await browser
      .post('/api/profiles/me/education/')
      .send({ ...study, end_date: study.start_date })
      .expect(201)
  })

  it('are fifty at most, however many come at once', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => browser.post('/api/profiles/me/education/').send(study)),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50)
    expect(answers.find(({ status }) => status === 409)?.body.code).toBe('too_many_entries')
  })
})

describe('a picture', () => {
  const picture = (width = 900, height = 600) =>
    sharp({ create: { width, height, channels: 3, background: '#a51' } }).withExif({ IFD0: { Artist: 'secret place' } })
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')

  it('is kept as WebP of 512 by 512 without what the camera wrote, and shown under a name of ours', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    const jpeg = await picture().jpeg().toBuffer()
    const answer = await browser.put('/api/profiles/me/avatar/').type('image/jpeg').send(jpeg).expect(200)
    expect(answer.body.avatar_url).toMatch(/^\/api\/files\/avatars\/[0-9a-f]{24}\.webp$/)
    const { avatar } = await profileOf(user)
    const { body } = await server.context.store.get(avatar ?? '')
    const kept = Buffer.concat(await Array.fromAsync(body))
    expect(await sharp(kept).metadata()).toMatchObject({ format: 'webp', width: 512, height: 512 })
    expect(kept.includes('secret place')).toBe(false)
    expect((await browser.get('/api/profiles/me/')).body.avatar_url).toBe(answer.body.avatar_url)
    const served = await server.visitor().get(answer.body.avatar_url).expect(200)
    expect(served.get('x-accel-redirect')).toBe(`/_store/${avatar}`)
    expect(served.get('cache-control')).toMatch(/public, max-age=\d+/)
  })

  it('can come in a form, is replaced and taken away, and the old one is deleted', async () => {
    const user = await server.register('teacher')
    const browser = await server.signIn(user)
    const first = await browser
      .put('/api/profiles/me/avatar')
      .attach('avatar', await picture().png().toBuffer(), '../x.png')
    expect(first.status).toBe(200)
    const { avatar: old } = await profileOf(user)
    await browser
      .put('/api/profiles/me/avatar/')
      .type('image/webp')
      .send(await picture(100, 100).webp().toBuffer())
      .expect(200)
    expect(await server.context.store.head(old ?? '')).toBeNull()
    const { avatar } = await profileOf(user)
    expect(await server.context.store.head(avatar ?? '')).not.toBeNull()
    await browser.delete('/api/profiles/me/avatar/').expect(204)
    expect(await server.context.store.head(avatar ?? '')).toBeNull()
    expect((await browser.get('/api/profiles/me/')).body.avatar_url).toBeNull()
  })

  it('is told by its bytes: SVG, HTML and halves of pictures are refused', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const png = await picture().png().toBuffer()
    for (const [type, body, status] of [
      ['image/svg+xml', svg, 415],
      ['image/png', svg, 415],
      ['image/jpeg', Buffer.from('<html><script>alert(1)</script>'), 415],
      ['image/png', png.subarray(0, png.length / 2), 400],
      ['image/png', Buffer.alloc(0), 415],
    ] as const) {
      await browser.put('/api/profiles/me/avatar/').type(type).send(body).expect(status)
    }
    await browser.put('/api/profiles/me/avatar/').attach('avatar', svg, 'x.png').expect(415)
    await browser.put('/api/profiles/me/avatar/').field('avatar', 'no file').expect(404)
    await browser.put('/api/profiles/me/avatar/').send({ avatar: 'https://evil.example/x.png' }).expect(415)
  })

  it('may not be large, nor small and unpack to something large', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const large = Buffer.concat([await picture().png().toBuffer(), Buffer.alloc(9 * 1024 * 1024)])
    await browser.put('/api/profiles/me/avatar/').type('image/png').send(large).expect(413)
    const bomb = await picture(10_000, 10_000).png({ compressionLevel: 9 }).toBuffer()
    expect(bomb.length).toBeLessThan(1_000_000)
    await browser.put('/api/profiles/me/avatar/').type('image/png').send(bomb).expect(400)
  })

  it('needs a signed-in browser with its CSRF token', async () => {
    const browser = await server.signIn(await server.register('teacher'))
    const png = await picture(10, 10).png().toBuffer()
    await server.visitor().put('/api/profiles/me/avatar/').type('image/png').send(png).expect(401)
    await browser.put('/api/profiles/me/avatar/').set('x-csrf-token', 'x').attach('avatar', png, 'x.png').expect(403)
  })
})
