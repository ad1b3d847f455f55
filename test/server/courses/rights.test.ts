import { afterAll, beforeAll, expect, it } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import type { Course } from '../../../server/courses/course.ts'
import type { Lesson } from '../../../server/courses/lesson.ts'
import type { Module } from '../../../server/courses/module.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

type Agent = Awaited<ReturnType<TestServer['signIn']>>
type Status = Course['status']

const people = [
  'guest',
  'student',
  'learner',
  'assistant',
  'editor',
  'stranger',
  'teacher',
  'primary',
  'producer',
  'admin',
] as const
type Who = (typeof people)[number]

let server: TestServer
const users = {} as Record<Exclude<Who, 'guest'>, User>
const agents = {} as Record<Who, Agent>
let newcomer: User
let newTeacher: User
beforeAll(async () => {
  server = await startServer()
  const role = { student: 'student', learner: 'student', assistant: 'student', editor: 'student' } as Partial<
    Record<Who, 'student'>
  >
  for (const who of people) {
    if (who === 'guest') {
      agents[who] = server.visitor()
      continue
    }
    const own = who === 'producer' || who === 'admin' ? who : (role[who] ?? 'teacher')
    users[who] = await server.register(own)
    agents[who] = await server.signIn(users[who])
  }
  newcomer = await server.register('student')
  newTeacher = await server.register('teacher')
  await server.context.orm.em.fork().nativeUpdate(User, {}, { isVerified: true })
})
afterAll(() => server[Symbol.asyncDispose]())

interface Scene {
  course: Course
  module: Module
  lesson: Lesson
}

/** A course with one of each of its people. */
async function aScene(status: Status): Promise<Scene> {
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, users.primary, { status, price: '10.00', thumbnail: 'public/courses/x.webp' })
  await aStaffMember(em, course, users.teacher, 'teacher')
  await aStaffMember(em, course, users.producer, 'producer')
  await aStaffMember(em, course, users.assistant, 'assistant')
  await aStaffMember(em, course, users.editor, 'assistant', { edit_content: true })
  const module = await aModule(em, course)
  const lesson = await aLesson(em, module)
  // Else it could not be deleted by anybody.
  if (status !== 'draft') await anEnrollment(em, course, users.learner)
  return { course, module, lesson }
}

type Call = (agent: Agent, scene: Scene) => PromiseLike<{ status: number; body: unknown }>
const staff: Who[] = ['teacher', 'primary', 'producer', 'admin']
const editors: Who[] = ['editor', ...staff]
const insiders: Who[] = ['assistant', ...editors]

/** What, with a course in which status, and who may; everybody else is refused. */
const rows: [string, Status, readonly Who[], Call][] = [
  ['see a draft', 'draft', insiders, (agent, { course }) => agent.get(`/api/courses/${course.id}/`)],
  ['see a published course', 'published', people, (agent, { course }) => agent.get(`/api/courses/${course.id}/`)],
  [
    'see an archived course',
    'archived',
    ['learner', ...insiders],
    (agent, { course }) => agent.get(`/api/courses/${course.id}/`),
  ],
  [
    'read a lesson',
    'published',
    ['learner', ...insiders],
    (agent, { lesson }) => agent.get(`/api/lessons/${lesson.id}/`),
  ],
  [
    'edit a course',
    'published',
    editors,
    (agent, { course }) => agent.patch(`/api/courses/${course.id}/`).send({ title: 'X' }),
  ],
  [
    'edit a draft',
    'draft',
    editors,
    (agent, { course }) => agent.patch(`/api/courses/${course.id}/`).send({ title: 'X' }),
  ],
  [
    'edit what is in review',
    'review',
    ['producer', 'admin'],
    (agent, { course }) => agent.patch(`/api/courses/${course.id}/`).send({ title: 'X' }),
  ],
  [
    'add a module',
    'published',
    editors,
    (agent, { course }) => agent.post(`/api/courses/${course.id}/modules/`).send({ title: 'X' }),
  ],
  [
    'edit a module',
    'published',
    editors,
    (agent, { module }) => agent.put(`/api/modules/${module.id}/`).send({ title: 'X' }),
  ],
  ['delete a module', 'published', editors, (agent, { module }) => agent.delete(`/api/modules/${module.id}/`)],
  [
    'reorder modules',
    'published',
    editors,
    (agent, { course, module }) => agent.post('/api/modules/reorder/').send({ course: course.id, order: [module.id] }),
  ],
  [
    'add a lesson',
    'published',
    editors,
    (agent, { module }) => agent.post(`/api/modules/${module.id}/lessons/`).send({ title: 'X', content_type: 'text' }),
  ],
  [
    'edit a lesson',
    'published',
    editors,
    (agent, { lesson }) => agent.put(`/api/lessons/${lesson.id}/`).send({ title: 'X', content_type: 'text' }),
  ],
  ['delete a lesson', 'published', editors, (agent, { lesson }) => agent.delete(`/api/lessons/${lesson.id}/`)],
  [
    'reorder lessons',
    'published',
    editors,
    (agent, { module, lesson }) => agent.post('/api/lessons/reorder/').send({ module: module.id, order: [lesson.id] }),
  ],
  [
    'set the price of a draft',
    'draft',
    staff,
    (agent, { course }) => agent.patch(`/api/courses/${course.id}/`).send({ price: '5' }),
  ],
  [
    'set the price later',
    'published',
    ['producer', 'admin'],
    (agent, { course }) => agent.patch(`/api/courses/${course.id}/`).send({ price: '5' }),
  ],
  [
    'delete a draft',
    'draft',
    ['primary', 'producer', 'admin'],
    (agent, { course }) => agent.delete(`/api/courses/${course.id}/`),
  ],
  [
    'archive',
    'published',
    ['primary', 'producer', 'admin'],
    (agent, { course }) => agent.post(`/api/courses/${course.id}/archive/`),
  ],
  [
    'unarchive',
    'archived',
    ['producer', 'admin'],
    (agent, { course }) => agent.post(`/api/courses/${course.id}/unarchive/`),
  ],
  ['submit', 'draft', staff, (agent, { course }) => agent.post(`/api/courses/${course.id}/submit/`)],
  ['withdraw', 'review', staff, (agent, { course }) => agent.post(`/api/courses/${course.id}/withdraw/`)],
  ['approve', 'review', ['producer', 'admin'], (agent, { course }) => agent.post(`/api/courses/${course.id}/approve/`)],
  [
    'reject',
    'review',
    ['producer', 'admin'],
    (agent, { course }) => agent.post(`/api/courses/${course.id}/reject/`).send({ comment: 'No.' }),
  ],
  ['see the staff', 'published', staff, (agent, { course }) => agent.get(`/api/courses/${course.id}/roles/`)],
  [
    'name an assistant',
    'published',
    staff,
    (agent, { course }) =>
      agent.post(`/api/courses/${course.id}/roles/`).send({ user: newcomer.id, role: 'assistant' }),
  ],
  [
    'name a teacher',
    'published',
    ['producer', 'admin'],
    (agent, { course }) =>
      agent.post(`/api/courses/${course.id}/roles/`).send({ user: newTeacher.id, role: 'teacher' }),
  ],
]

it.each(rows)('those who may %s (%s), and only they', async (_, status, allowed, call) => {
  let scene = await aScene(status)
  for (const who of people) {
    const answer = await call(agents[who], scene)
    const outcome = `${who}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 200)}`
    if (allowed.includes(who)) expect(outcome).toMatch(/: 20\d/)
    else expect(outcome).toMatch(/: (?:401|403|404|409 .*course_in_review)/)
    // Who was refused has changed nothing for the next one.
    if (allowed.includes(who)) scene = await aScene(status)
    const isInside = insiders.includes(who) || (who === 'learner' && status === 'archived')
    // That there is a draft at all is nobody else's to know.
    if (status !== 'published' && !isInside && who !== 'guest') expect(outcome).toMatch(/: 404/)
  }
})

it('what an account lost its places do not give back: a demoted teacher teaches nowhere', async () => {
  const { course } = await aScene('published')
  const demoted = await server.register('teacher')
  await aStaffMember(server.context.orm.em.fork(), course, demoted, 'teacher')
  await server.context.orm.em.fork().nativeUpdate(User, { id: demoted.id }, { role: 'student' })
  const agent = await server.signIn(demoted)
  await agent.patch(`/api/courses/${course.id}/`).send({ title: 'X' }).expect(403)
})
