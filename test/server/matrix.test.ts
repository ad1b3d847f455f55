import { afterAll, beforeAll, expect, it } from 'vitest'
import { User } from '../../server/accounts/user.ts'
import { permissionKeys } from '../../server/courses/access.ts'
import type { Course } from '../../server/courses/course.ts'
import type { Lesson } from '../../server/courses/lesson.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../support/courses.ts'
import { startServer, type TestServer } from '../support/server.ts'

/**
 * The API's table of roles and rights, each cell over HTTP. `helper` is an assistant without any permission, `assistant` one
 * with all of them; `teacher` and `producer` stand in the course, `teacher2` and `producer2` in none.
 */
const columns = [
  ...(['guest', 'student', 'learner', 'helper', 'assistant'] as const),
  ...(['teacher', 'teacher2', 'producer', 'producer2', 'admin'] as const),
]
type Who = (typeof columns)[number]
type Agent = Awaited<ReturnType<TestServer['signIn']>>

interface Scene {
  course: Course
  lesson: Lesson
  freeLesson: Lesson
}
type Call = (agent: Agent, scene: Scene, who: Who) => PromiseLike<{ status: number; body: unknown }>

let server: TestServer
const users = {} as Record<Exclude<Who, 'guest'>, User>
const agents = {} as Record<Who, Agent>
/** Whom others give places to. */
let newcomer: User
let newTeacher: User
let scenes = 0

beforeAll(async () => {
  server = await startServer()
  for (const who of columns) {
    if (who === 'guest') agents[who] = server.visitor()
    else {
      const role = /^(teacher|producer|admin)/.exec(who)?.[1] as 'teacher' | 'producer' | 'admin' | undefined
      users[who] = await server.register(role ?? 'student')
      agents[who] = await server.signIn(users[who])
    }
  }
  newcomer = await server.register('student')
  newTeacher = await server.register('teacher')
  await server.context.orm.em.fork().nativeUpdate(User, {}, { isVerified: true })
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** A course with everybody in their places, made anew for each cell. */
async function aScene(status: Course['status'] = 'published'): Promise<Scene> {
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, users.teacher, { status, thumbnail: 'public/courses/x.webp' })
  const all = Object.fromEntries(permissionKeys.filter((key) => key !== 'publish').map((key) => [key, true]))
  await aStaffMember(em, course, users.producer, 'producer')
  await aStaffMember(em, course, users.helper, 'assistant')
  await aStaffMember(em, course, users.assistant, 'assistant', all)
  if (status !== 'draft') await anEnrollment(em, course, users.learner)
  const module = await aModule(em, course)
  const [lesson, freeLesson] = [await aLesson(em, module), await aLesson(em, module, { isFree: true })]
  scenes += 1
  return { course, lesson, freeLesson }
}

const post = (path: (scene: Scene) => string, body: (scene: Scene) => object = () => ({})): Call => {
  return (agent, scene) => agent.post(path(scene)).send(body(scene))
}
const get = (path: (scene: Scene) => string): Call => {
  return (agent, scene) => agent.get(path(scene))
}

/** One sign a column, in their order: + yes, - refused. */
const table: [action: string, cells: string, status: Course['status'], call: Call][] = [
  ['catalogue', '+ + + + + + + + + +', 'published', get(() => '/api/courses/')],
  ['published course', '+ + + + + + + + + +', 'published', get(({ course }) => `/api/courses/${course.id}/`)],
  ['categories', '+ + + + + + + + + +', 'published', get(() => '/api/categories/')],
  ['free lesson', '+ + + + + + + + + +', 'published', get(({ freeLesson }) => `/api/lessons/${freeLesson.id}/`)],
  ['enroll', '- + + - - - + - + +', 'published', post(({ course }) => `/api/courses/${course.id}/enroll/`)],
  ['view enrolled lessons', '- - + + + + - + - +', 'published', get(({ lesson }) => `/api/lessons/${lesson.id}/`)],
  [
    'own progress',
    '- - + + + + - + - +',
    'published',
    post(
      ({ lesson }) => `/api/lessons/${lesson.id}/progress/`,
      () => ({ progress: 10 }),
    ),
  ],
  [
    'write own review',
    '- - + - - - - - - +',
    'published',
    post(
      ({ course }) => `/api/courses/${course.id}/reviews/`,
      () => ({ rating: 5, title: 'Good', content: 'Very good.' }),
    ),
  ],
  [
    'create course',
    '- - - - - + + + + +',
    'published',
    post(
      () => '/api/courses/',
      () => ({ title: `A course ${scenes}` }),
    ),
  ],
  [
    'edit course',
    '- - - - + + - + - +',
    'published',
    (agent, { course }) => agent.patch(`/api/courses/${course.id}/`).send({ title: 'New' }),
  ],
  [
    'edit lessons',
    '- - - - + + - + - +',
    'published',
    (agent, { lesson }) => agent.patch(`/api/lessons/${lesson.id}/`).send({ title: 'New' }),
  ],
  ['delete draft', '- - - - - + - + - +', 'draft', (agent, { course }) => agent.delete(`/api/courses/${course.id}/`)],
  ['archive', '- - - - - + - + - +', 'published', post(({ course }) => `/api/courses/${course.id}/archive/`)],
  ['submit for review', '- - - - - + - + - +', 'draft', post(({ course }) => `/api/courses/${course.id}/submit/`)],
  ['withdraw', '- - - - - + - + - +', 'review', post(({ course }) => `/api/courses/${course.id}/withdraw/`)],
  ['approve', '- - - - - - - + - +', 'review', post(({ course }) => `/api/courses/${course.id}/approve/`)],
  [
    'reject',
    '- - - - - - - + - +',
    'review',
    post(
      ({ course }) => `/api/courses/${course.id}/reject/`,
      () => ({ comment: 'Not yet.' }),
    ),
  ],
  [
    'initial price in a draft',
    '- - - - - + - + - +',
    'draft',
    (agent, { course }) => agent.patch(`/api/courses/${course.id}/`).send({ price: '10.00' }),
  ],
  [
    'set price later',
    '- - - - - - - + - +',
    'published',
    (agent, { course }) => agent.patch(`/api/courses/${course.id}/`).send({ price: '10.00' }),
  ],
  [
    'promotions',
    '- - - - - - - + - +',
    'published',
    post(
      () => '/api/promo-codes/',
      ({ course }) => ({ code: `CODE${scenes}`, percent: 10, course: course.id }),
    ),
  ],
  [
    'assign assistants',
    '- - - - - + - + - +',
    'published',
    post(
      ({ course }) => `/api/courses/${course.id}/roles/`,
      () => ({ user: newcomer.id, role: 'assistant' }),
    ),
  ],
  [
    'assign teachers',
    '- - - - - - - + - +',
    'published',
    post(
      ({ course }) => `/api/courses/${course.id}/roles/`,
      () => ({ user: newTeacher.id, role: 'teacher' }),
    ),
  ],
  [
    'course statistics',
    '- - - - + + - + - +',
    'published',
    get(({ course }) => `/api/courses/${course.id}/analytics/`),
  ],
  [
    'course finance',
    '- - - - - - - + - +',
    'published',
    get(({ course }) => `/api/analytics/revenue/?course=${course.id}`),
  ],
  ['global statistics', '- - - - - - - - - +', 'published', get(() => '/api/analytics/overview/')],
  ['own profile', '- + + + + + + + + +', 'published', get(() => '/api/profiles/me/')],
  ['own custom_url', '- - - - - + + + + +', 'published', get(() => '/api/profiles/custom-url/')],
  ['manage users', '- - - - - - - - - +', 'published', get(() => '/api/admin/users/')],
  [
    'manage a user',
    '- - - - - - - - - +',
    'published',
    (agent) => agent.put(`/api/admin/users/${newcomer.id}/`).send({ first_name: 'New' }),
  ],
  ['system settings', '- - - - - - - - - +', 'published', get(() => '/api/admin/settings/')],
  ['logs', '- - - - - - - - - +', 'published', get(() => '/api/admin/audit-log/')],
  ['monitoring', '- - - - - - - - - +', 'published', get(() => '/api/admin/jobs/')],
]

it.each(table)('%s: %s', async (_action, cells, status, call) => {
  const signs = cells.split(' ')
  expect(signs).toHaveLength(columns.length)
  const outcomes: string[] = []
  for (const who of columns) {
    const { status: code, body } = await call(agents[who], await aScene(status), who)
    const { code: reason = '' } = body as { code?: string }
    outcomes.push(`${who} ${isAllowed(code) ? '+' : [401, 403, 404, 409].includes(code) ? '-' : `? ${code} ${reason}`}`)
    // Who is asked to sign in is a guest; who is signed in never is.
    if (code === 401) expect(who).toBe('guest')
  }
  expect(outcomes).toEqual(columns.map((who, index) => `${who} ${signs[index]}`))
})

function isAllowed(code: number): boolean {
  return code >= 200 && code < 300
}
