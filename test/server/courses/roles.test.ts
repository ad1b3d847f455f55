import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { CourseUserRole } from '../../../server/courses/course-user-role.ts'
import { aCourse, anEnrollment, aStaffMember } from '../../support/courses.ts'
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
})
afterAll(() => server[Symbol.asyncDispose]())
const em = () => server.context.orm.em.fork()

async function aStaffedCourse() {
  const fork = em()
  const course = await aCourse(fork, teacher)
  await aStaffMember(fork, course, producer, 'producer')
  return { course, path: `/api/courses/${course.id}/roles/` }
}

describe('the staff of a course', () => {
  it('is grown by its producer with teachers, by its teacher with assistants, by an admin with producers', async () => {
    const { course, path } = await aStaffedCourse()
    const [own, theirs, all] = [await server.signIn(teacher), await server.signIn(producer), await server.signIn(admin)]
    const [helper, colleague, boss] = [
      await server.register(),
      await server.register('teacher'),
      await server.register('producer'),
    ]
    const made = await own
      .post(path)
      .send({ user: helper.id, role: 'assistant', permissions: { edit_content: true, go_live: false } })
      .expect(201)
    expect(made.body).toMatchObject({
      user: { id: helper.id },
      role: 'assistant',
      permissions: { edit_content: true, go_live: false },
      is_primary: false,
    })
    await own.post(path).send({ user: colleague.id, role: 'teacher' }).expect(403)
    await theirs.post(path).send({ user: colleague.id, role: 'teacher' }).expect(201)
    await theirs.post(path).send({ user: boss.id, role: 'producer' }).expect(403)
    await all.post(path).send({ user: boss.id, role: 'producer' }).expect(201)
    const { body } = await own.get(path).expect(200)
    expect(body.count).toBe(5)
    expect(JSON.stringify(body)).not.toContain('@')
    for (const who of [await server.signIn(helper), await server.signIn(await server.register())]) {
      await who.get(path).expect(403)
      await who.post(path).send({ user: helper.id, role: 'assistant' }).expect(403)
    }
    await server.visitor().get(path).expect(401)
    const lines = await em().execute(`select action from audit_log where object = ?`, [`course:${course.id}`])
    expect(lines).toHaveLength(3)
  })

  it('takes known permissions alone', async () => {
    const { path } = await aStaffedCourse()
    const helper = await server.register()
    const theirs = await server.signIn(producer)
    for (const permissions of [{ root: true }, { edit_content: 'yes' }, ['edit_content'], 'all']) {
      await theirs.post(path).send({ user: helper.id, role: 'assistant', permissions }).expect(400)
    }
    await theirs.post(path).send({ user: helper.id, role: 'owner' }).expect(400)
    await theirs.post(path).send({ user: helper.id, role: 'assistant', is_admin: true }).expect(400)
  })

  it('is nobody’s to raise themselves in: not by one’s own place, nor through a friend', async () => {
    const { course, path } = await aStaffedCourse()
    const own = await server.signIn(teacher)
    const helper = await server.register('teacher')
    for (const key of ['publish', 'manage_pricing', 'view_revenue']) {
      await own
        .post(path)
        .send({ user: helper.id, role: 'assistant', permissions: { [key]: true } })
        .expect(403)
    }
    await own.post(path).send({ user: teacher.id, role: 'assistant' }).expect(403)
    const mine = await em().findOneOrFail(CourseUserRole, { course: course.id, user: teacher.id })
    await own
      .put(`${path}${mine.id}/`)
      .send({ permissions: { view_revenue: true }, is_primary: true })
      .expect(403)
    const producers = await em().findOneOrFail(CourseUserRole, { course: course.id, user: producer.id })
    await (await server.signIn(producer))
      .put(`${path}${producers.id}/`)
      .send({ permissions: { publish: true } })
      .expect(403)
    await own.delete(`${path}${producers.id}/`).expect(403)
  })

  it('takes only accounts that reach the role and are there', async () => {
    const { path } = await aStaffedCourse()
    const theirs = await server.signIn(producer)
    const gone = await server.register('teacher')
    await em().nativeUpdate(User, { id: gone.id }, { isActive: false })
    for (const user of [(await server.register()).id, gone.id, 999999]) {
      const { body } = await theirs.post(path).send({ user, role: 'teacher' }).expect(400)
      expect(Object.keys(body)).toEqual(['user'])
    }
  })

  it('has one primary of each role: the new one takes over', async () => {
    const { course, path } = await aStaffedCourse()
    const theirs = await server.signIn(producer)
    const colleagues = [await server.register('teacher'), await server.register('teacher')]
    const places: number[] = []
    for (const { id } of colleagues)
      places.push((await theirs.post(path).send({ user: id, role: 'teacher' }).expect(201)).body.id)
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => theirs.put(`${path}${places[index % 2]}/`).send({ is_primary: true })),
    )
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const primary = await em().find(CourseUserRole, { course: course.id, role: 'teacher', isPrimary: true })
    expect(primary).toHaveLength(1)
    expect(colleagues.map(({ id }) => id)).toContain(primary[0]?.user.id)
  })

  it('has each person once in each role, also when fifty ask at once', async () => {
    const { path } = await aStaffedCourse()
    const helper = await server.register()
    const own = await server.signIn(teacher)
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => own.post(path).send({ user: helper.id, role: 'assistant' })),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    expect(answers.filter(({ body }) => body.code === 'course_role_taken')).toHaveLength(49)
  })

  it('is left by an assistant alone, and never by the last who can run the course', async () => {
    const fork = em()
    const course = await aCourse(fork, teacher)
    const path = `/api/courses/${course.id}/roles/`
    const helper = await server.register()
    const place = await aStaffMember(fork, course, helper, 'assistant')
    const other = await aStaffMember(fork, course, await server.register(), 'assistant')
    const theirs = await server.signIn(helper)
    await theirs.delete(`${path}${other.id}/`).expect(403)
    await theirs.delete(`${path}${place.id}/`).expect(204)
    const mine = await em().findOneOrFail(CourseUserRole, { course: course.id, role: 'teacher' })
    const all = await server.signIn(admin)
    expect((await all.delete(`${path}${mine.id}/`).expect(409)).body.code).toBe('last_staff')
  })

  it('of one course is not reached through another', async () => {
    const [one, two] = [await aStaffedCourse(), await aStaffedCourse()]
    const place = await em().findOneOrFail(CourseUserRole, { course: two.course.id, role: 'teacher' })
    const theirs = await server.signIn(producer)
    await theirs.put(`${one.path}${place.id}/`).send({}).expect(404)
    await theirs.delete(`${one.path}${place.id}/`).expect(404)
  })

  it('is no learner: who joins it is counted no more, and a new teacher’s page counts the course', async () => {
    const { course, path } = await aStaffedCourse()
    const colleague = await server.register('teacher')
    const fork = em()
    await anEnrollment(fork, await fork.findOneOrFail(Course, { id: course.id }), colleague)
    const theirs = await server.signIn(producer)
    const { body } = await theirs.post(path).send({ user: colleague.id, role: 'teacher' }).expect(201)
    const numbers = async () => [
      (await em().findOneOrFail(Course, { id: course.id })).studentsCount,
      (await em().findOneOrFail(Profile, { user: colleague.id })).coursesCount,
    ]
    expect(await numbers()).toEqual([0, 1])
    await theirs.delete(`${path}${body.id}/`).expect(204)
    expect(await numbers()).toEqual([1, 0])
  })
})
