import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { Payment } from '../../../server/payments/payment.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let teacher: User
let producer: User
let admin: User
beforeAll(async () => {
  server = await startServer()
  teacher = await server.register('teacher')
  producer = await server.register('producer')
  admin = await server.register('admin')
  await verify(teacher)
  await verify(producer)
})
afterAll(() => server[Symbol.asyncDispose]())
const em = () => server.context.orm.em.fork()
const verify = (user: User) => em().nativeUpdate(User, { id: user.id }, { isVerified: true })

async function aReadyCourse(given: object = {}): Promise<Course> {
  const fork = em()
  const course = await aCourse(fork, teacher, {
    status: 'draft',
    publishedAt: null,
    thumbnail: 'public/courses/x.webp',
    ...given,
  })
  await aStaffMember(fork, course, producer, 'producer')
  await aLesson(fork, await aModule(fork, course))
  return course
}

describe('a course’s way', () => {
  it('goes from draft through review to published, to the archive and back, each step written down', async () => {
    const course = await aReadyCourse()
    const [own, theirs] = [await server.signIn(teacher), await server.signIn(producer)]
    const step = async (agent: typeof own, action: string, status: string) => {
      const { body } = await agent.post(`/api/courses/${course.id}/${action}/`).send({}).expect(200)
      expect(body.status).toBe(status)
      return body
    }
    await step(own, 'submit', 'review')
    await step(own, 'withdraw', 'draft')
    await step(own, 'submit', 'review')
    await own.post(`/api/courses/${course.id}/approve/`).expect(403)
    const { published_at: publishedAt } = await step(theirs, 'approve', 'published')
    expect(publishedAt).not.toBeNull()
    await step(own, 'archive', 'archived')
    await own.post(`/api/courses/${course.id}/unarchive/`).expect(403)
    expect((await step(theirs, 'unarchive', 'published')).published_at).toBe(publishedAt)
    expect((await step(own, 'unpublish', 'draft')).published_at).toBe(publishedAt)
    const audit = await em().execute<{ action: string }[]>(
      `select action from audit_log where object = ? order by id`,
      [`course:${course.id}`],
    )
    expect(audit.map(({ action }) => action)).toEqual(
      ['submit', 'withdraw', 'submit', 'approve', 'archive', 'unarchive', 'unpublish'].map((name) => `course.${name}`),
    )
  })

  it.each([
    ['draft', ['withdraw', 'approve', 'archive', 'unarchive', 'unpublish']],
    ['review', ['submit', 'archive', 'unarchive', 'unpublish']],
    ['published', ['submit', 'withdraw', 'approve', 'unarchive']],
    ['archived', ['submit', 'withdraw', 'approve', 'archive', 'unpublish']],
  ] as const)('knows no other step from %s', async (status, others) => {
    const course = await aReadyCourse({ status })
    const agent = await server.signIn(admin)
    for (const action of others) {
      const { body } = await agent.post(`/api/courses/${course.id}/${action}/`).send({}).expect(409)
      expect(body).toMatchObject({ code: 'invalid_transition', from: status })
    }
    await agent
      .patch(`/api/courses/${course.id}/`)
      .send({ status: status === 'draft' ? 'published' : 'weird' })
      .expect(status === 'draft' ? 409 : 400)
    expect((await em().findOneOrFail(Course, { id: course.id })).status).toBe(status)
  })

  it('may be taken by the status of an edit, by those alone who may take it', async () => {
    const course = await aReadyCourse()
    const path = `/api/courses/${course.id}/`
    const own = await server.signIn(teacher)
    expect((await own.patch(path).send({ title: 'Last touch', status: 'review' }).expect(200)).body.status).toBe(
      'review',
    )
    await own.patch(path).send({ status: 'published' }).expect(403)
    const back = await own.patch(path).send({ title: 'Once more', status: 'draft' }).expect(200)
    expect(back.body).toMatchObject({ title: 'Once more', status: 'draft' })
    await own.patch(path).send({ status: 'archived' }).expect(409)
  })

  it('is taken once, however many try at the same time', async () => {
    const course = await aReadyCourse({ status: 'review' })
    const agent = await server.signIn(admin)
    const tries = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        agent.post(`/api/courses/${course.id}/${index % 2 ? 'approve' : 'reject'}/`).send({ comment: 'No.' }),
      ),
    )
    expect(tries.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(tries.filter(({ status }) => status === 409)).toHaveLength(49)
  })
})

describe('submitting', () => {
  it('names each field that is missing', async () => {
    const course = await aCourse(em(), teacher, {
      status: 'draft',
      description: '',
      shortDescription: '',
      thumbnail: null,
    })
    await em().nativeUpdate(Course, { id: course.id }, { category: null })
    const agent = await server.signIn(teacher)
    const { body } = await agent.post(`/api/courses/${course.id}/submit/`).expect(400)
    expect(Object.keys(body).toSorted()).toEqual([
      'category',
      'description',
      'lessons',
      'modules',
      'short_description',
      'thumbnail',
    ])
    expect(body.thumbnail).toEqual(['This is needed before the course can be reviewed.'])
  })

  it.each(['', '<p><br /></p>', '<p>&nbsp;\u00a0</p>\n'])(
    'takes a lesson with something in it, not %j',
    async (content) => {
      const course = await aReadyCourse()
      await em().execute(
        'update lesson set content = ? where module_id in (select id from module where course_id = ?)',
        [content, course.id],
      )
      const { body } = await (await server.signIn(teacher)).post(`/api/courses/${course.id}/submit/`).expect(400)
      expect(Object.keys(body)).toEqual(['lessons'])
      await em().nativeUpdate(Course, { id: course.id }, { description: content })
      const again = await (await server.signIn(teacher)).post(`/api/courses/${course.id}/submit/`).expect(400)
      expect(Object.keys(again.body)).toEqual(['description', 'lessons'])
    },
  )

  it('takes a confirmed address, and a teacher who was not turned away', async () => {
    const other = await server.register('teacher')
    const course = await aReadyCourse()
    await aStaffMember(em(), course, other, 'teacher')
    const agent = await server.signIn(other)
    const path = `/api/courses/${course.id}/submit/`
    expect((await agent.post(path).expect(403)).body.code).toBe('email_not_verified')
    await verify(other)
    await em().nativeUpdate(Profile, { user: other.id }, { verificationStatus: 'rejected' })
    expect((await agent.post(path).expect(403)).body.code).toBe('teacher_rejected')
  })

  it('freezes the course for its authors until it is out of review', async () => {
    const course = await aReadyCourse({ status: 'review' })
    const own = await server.signIn(teacher)
    const refused = await own.patch(`/api/courses/${course.id}/`).send({ title: 'X' }).expect(409)
    expect(refused.body.code).toBe('course_in_review')
    await own.post(`/api/courses/${course.id}/modules/`).send({ title: 'X' }).expect(409)
    expect((await own.get(`/api/courses/${course.id}/`)).body.can_edit).toBe(false)
    await (await server.signIn(producer)).patch(`/api/courses/${course.id}/`).send({ title: 'A typo' }).expect(200)
  })
})

describe('approving', () => {
  it('is not for who submitted it, unless they have the permission to publish', async () => {
    const course = await aReadyCourse()
    const theirs = await server.signIn(producer)
    await theirs.post(`/api/courses/${course.id}/submit/`).expect(200)
    const refused = await theirs.post(`/api/courses/${course.id}/approve/`).expect(403)
    expect(refused.body.code).toBe('own_submission')
    await em().execute(
      `update course_user_role set permissions = '{"publish": true}' where course_id = ? and user_id = ?`,
      [course.id, producer.id],
    )
    await theirs.post(`/api/courses/${course.id}/approve/`).expect(200)
  })

  it('tells the authors why not, and nobody else', async () => {
    const course = await aReadyCourse({ status: 'review' })
    const theirs = await server.signIn(producer)
    await theirs.post(`/api/courses/${course.id}/reject/`).send({}).expect(400)
    await theirs.post(`/api/courses/${course.id}/reject/`).send({ comment: 'Too short.' }).expect(200)
    const own = await server.signIn(teacher)
    expect((await own.get(`/api/courses/${course.id}/`)).body).toMatchObject({
      status: 'draft',
      review_comment: 'Too short.',
    })
    await own.post(`/api/courses/${course.id}/submit/`).expect(200)
    await theirs.post(`/api/courses/${course.id}/approve/`).expect(200)
    expect((await server.visitor().get(`/api/courses/${course.id}/`)).body.review_comment).toBeNull()
  })

  it('counts for the profile of each teacher; the archive takes it back', async () => {
    const own = await server.register('teacher')
    const fork = em()
    const course = await aCourse(fork, own, { status: 'review', thumbnail: 'public/courses/x.webp' })
    await aLesson(fork, await aModule(fork, course))
    const count = async () => (await em().findOneOrFail(Profile, { user: own.id })).coursesCount
    const agent = await server.signIn(admin)
    await agent.post(`/api/courses/${course.id}/approve/`).expect(200)
    expect(await count()).toBe(1)
    await agent.post(`/api/courses/${course.id}/archive/`).expect(200)
    expect(await count()).toBe(0)
  })
})

describe('an archived course', () => {
  it('is kept by its learners, hidden from others, and expires what was being paid', async () => {
    const course = await aReadyCourse({ status: 'published', publishedAt: new Date(), price: '10.00' })
    const learner = await server.register()
    const buyer = await server.register()
    const fork = em()
    await anEnrollment(fork, await fork.findOneOrFail(Course, { id: course.id }), learner)
    const payment = (status: 'pending' | 'completed', transactionId: string) =>
      fork.create(Payment, {
        user: buyer.id,
        course: course.id,
        amount: '10.00',
        currency: 'RUB',
        status,
        transactionId,
        provider: 'test',
      })
    payment('pending', `pay_p${course.id}`)
    payment('completed', `pay_c${course.id}`)
    await fork.flush()
    await (await server.signIn(producer)).patch(`/api/courses/${course.id}/`).send({ price: '99' }).expect(200)
    await (await server.signIn(teacher)).post(`/api/courses/${course.id}/archive/`).expect(200)
    await (await server.signIn(learner)).get(`/api/courses/${course.id}/`).expect(200)
    await (await server.signIn(buyer)).get(`/api/courses/${course.id}/`).expect(404)
    await server.visitor().get(`/api/courses/${course.id}/`).expect(404)
    const payments = await em().find(Payment, { course: course.id }, { orderBy: { transactionId: 'asc' } })
    // A new price touches neither what was paid nor what is being paid.
    expect(payments.map(({ amount }) => amount)).toEqual(['10.00', '10.00'])
    expect(payments.map(({ status, metadata }) => [status, metadata])).toEqual([
      ['completed', {}],
      ['failed', { reason: 'course_archived' }],
    ])
  })

  it('cannot become a draft while anybody was enrolled', async () => {
    const course = await aReadyCourse({ status: 'published', publishedAt: new Date() })
    const fork = em()
    await anEnrollment(fork, await fork.findOneOrFail(Course, { id: course.id }), await server.register())
    const refused = await (await server.signIn(teacher)).post(`/api/courses/${course.id}/unpublish/`).expect(409)
    expect(refused.body.code).toBe('course_has_learners')
  })
})

it('an assistant with every permission takes no step', async () => {
  const course = await aReadyCourse()
  const helper = await server.register('student')
  await aStaffMember(em(), course, helper, 'assistant', { edit_content: true, publish: true, manage_pricing: true })
  const agent = await server.signIn(helper)
  for (const action of ['submit', 'withdraw', 'approve', 'reject', 'archive', 'unarchive', 'unpublish']) {
    await agent.post(`/api/courses/${course.id}/${action}/`).send({ comment: 'x' }).expect(403)
  }
})
