import { afterAll, beforeAll, expect, it } from 'vitest'
import { User } from '../../server/accounts/user.ts'
import { type CoursePermissions, permissionKeys } from '../../server/courses/access.ts'
import type { Course } from '../../server/courses/course.ts'
import type { Lesson } from '../../server/courses/lesson.ts'
import { Review } from '../../server/reviews/review.ts'
import { aCourse, aLesson, aModule, anEnrollment, aStaffMember } from '../support/courses.ts'
import { startServer, type TestServer } from '../support/server.ts'

type Agent = Awaited<ReturnType<TestServer['signIn']>>
type Column = 'anon' | 'student' | 'assistant' | 'teacher' | 'producer' | 'admin'
const columns: readonly Column[] = ['anon', 'student', 'assistant', 'teacher', 'producer', 'admin']

/**
 * ✓ everywhere · – nowhere · own: where they have a place, whatever its permissions · key: where they have a place with
 * every permission · foreign: where they have none.
 */
type Cell = '✓' | '–' | 'own' | 'key' | 'foreign'

/** Where a role is tried: a course it has no place in, one with a place without permissions, one with all of them. */
const places = ['foreign', 'plain', 'keyed'] as const
type Place = (typeof places)[number]
const allowedIn: Record<Cell, readonly Place[]> = {
  '✓': places,
  '–': [],
  own: ['plain', 'keyed'],
  key: ['keyed'],
  foreign: ['foreign'],
}

interface Scene {
  course: Course
  free: Lesson
  locked: Lesson
  learner: User
  review: Review
}
type Call = (agent: Agent, scene: Scene) => PromiseLike<{ status: number; body: unknown }>
type Row = [action: string, status: Course['status'], cells: string, call: Call]

const at = (scene: Scene, rest = '') => `/api/courses/${scene.course.id}/${rest}`
let outsider: User
let number = 0

//                                                        anon student assistant teacher producer admin
const table: Row[] = [
  ['the catalogue', 'published', '✓ ✓ ✓ ✓ ✓ ✓', (agent) => agent.get('/api/courses/')],
  ['categories', 'published', '✓ ✓ ✓ ✓ ✓ ✓', (agent) => agent.get('/api/categories/')],
  ['a published course', 'published', '✓ ✓ ✓ ✓ ✓ ✓', (agent, scene) => agent.get(at(scene))],
  ['reviews of a course', 'published', '✓ ✓ ✓ ✓ ✓ ✓', (agent, scene) => agent.get(at(scene, 'reviews/'))],
  ['a free lesson', 'published', '✓ ✓ ✓ ✓ ✓ ✓', (agent, { free }) => agent.get(`/api/lessons/${free.id}/`)],
  ['a draft', 'draft', '– – own own own ✓', (agent, scene) => agent.get(at(scene))],
  ['enroll', 'published', '– ✓ foreign foreign foreign ✓', (agent, scene) => agent.post(at(scene, 'enroll/'))],
  [
    'a lesson that is not free',
    'published',
    '– – own own own ✓',
    (agent, { locked }) => agent.get(`/api/lessons/${locked.id}/`),
  ],
  ['own enrollments', 'published', '– ✓ ✓ ✓ ✓ ✓', (agent) => agent.get('/api/enrollments/')],
  [
    'review without an enrollment',
    'published',
    '– – – – – ✓',
    (agent, scene) => agent.post(at(scene, 'reviews/')).send({ rating: 4 }),
  ],
  ['create a course', 'published', '– – – ✓ ✓ ✓', (agent) => agent.post('/api/courses/').send({ title: 'Новый курс' })],
  ['edit a course', 'published', '– – key own own ✓', (agent, scene) => agent.patch(at(scene)).send({ title: 'X' })],
  [
    'add a module',
    'published',
    '– – key own own ✓',
    (agent, scene) => agent.post(at(scene, 'modules/')).send({ title: 'X' }),
  ],
  [
    'edit a lesson',
    'published',
    '– – key own own ✓',
    (agent, { free }) => agent.patch(`/api/lessons/${free.id}/`).send({ title: 'X' }),
  ],
  // Of a teacher, the primary one: see the last test.
  ['delete a draft', 'draft', '– – – – own ✓', (agent, scene) => agent.delete(at(scene))],
  ['archive', 'published', '– – – – own ✓', (agent, scene) => agent.post(at(scene, 'archive/'))],
  ['submit', 'draft', '– – – own own ✓', (agent, scene) => agent.post(at(scene, 'submit/'))],
  ['withdraw', 'review', '– – – own own ✓', (agent, scene) => agent.post(at(scene, 'withdraw/'))],
  ['approve', 'review', '– – – key own ✓', (agent, scene) => agent.post(at(scene, 'approve/'))],
  [
    'reject',
    'review',
    '– – – key own ✓',
    (agent, scene) => agent.post(at(scene, 'reject/')).send({ comment: 'Ещё раз.' }),
  ],
  [
    'set the price of a draft',
    'draft',
    '– – – own own ✓',
    (agent, scene) => agent.patch(at(scene)).send({ price: '5.00' }),
  ],
  [
    'set the price later',
    'published',
    '– – – key own ✓',
    (agent, scene) => agent.patch(at(scene)).send({ price: '5.00' }),
  ],
  [
    'make a promo code',
    'published',
    '– – – key own ✓',
    (agent, { course }) =>
      agent.post('/api/promo-codes/').send({ code: `MATRIX${++number}`, percent: 10, course: course.id }),
  ],
  [
    'name an assistant',
    'published',
    '– – – own own ✓',
    (agent, scene) => agent.post(at(scene, 'roles/')).send({ user: outsider.id, role: 'assistant' }),
  ],
  [
    'name a teacher',
    'published',
    '– – – – own ✓',
    (agent, scene) => agent.post(at(scene, 'roles/')).send({ user: outsider.id, role: 'teacher' }),
  ],
  ['learners of a course', 'published', '– – key own own ✓', (agent, scene) => agent.get(at(scene, 'students/'))],
  ['course statistics', 'published', '– – key own own ✓', (agent, scene) => agent.get(at(scene, 'analytics/'))],
  [
    'finances of a course',
    'published',
    '– – – key own ✓',
    (agent, { course }) => agent.get(`/api/analytics/revenue/?course=${course.id}`),
  ],
  ['global statistics', 'published', '– – – – – ✓', (agent) => agent.get('/api/analytics/overview/')],
  [
    'hide a review',
    'published',
    '– – key key key ✓',
    (agent, { review }) => agent.post(`/api/reviews/${review.id}/hide/`).send({ reason: 'Спам.' }),
  ],
  ['own profile', 'published', '– ✓ ✓ ✓ ✓ ✓', (agent) => agent.get('/api/profiles/me/')],
  [
    'own custom URL',
    'published',
    '– – – ✓ ✓ ✓',
    (agent) => agent.put('/api/profiles/custom-url/').send({ custom_url: `matrix-${++number}` }),
  ],
  ['manage other users', 'published', '– – – – – ✓', (agent) => agent.get('/api/admin/users/')],
  ['system settings', 'published', '– – – – – ✓', (agent) => agent.get('/api/admin/settings/')],
  ['the audit log', 'published', '– – – – – ✓', (agent) => agent.get('/api/admin/audit-log/')],
  ['monitoring of jobs', 'published', '– – – – – ✓', (agent) => agent.get('/api/admin/jobs/')],
  [
    'make a category',
    'published',
    '– – – – – ✓',
    (agent) => agent.post('/api/categories/').send({ name: `Ветвь ${++number}` }),
  ],
]

let server: TestServer
const users = {} as Record<Exclude<Column, 'anon'>, User>
const agents = {} as Record<Column, Agent>
let author: User
let learner: User
beforeAll(async () => {
  server = await startServer()
  author = await server.register('teacher')
  learner = await server.register('student')
  outsider = await server.register('teacher')
  for (const column of columns) {
    if (column === 'anon') {
      agents.anon = server.visitor()
      continue
    }
    users[column] = await server.register(column === 'assistant' ? 'student' : column)
    agents[column] = await server.signIn(users[column])
  }
  await server.context.orm.em.fork().nativeUpdate(User, {}, { isVerified: true })
})
afterAll(() => server[Symbol.asyncDispose]())

const everything = Object.fromEntries(permissionKeys.map((key) => [key, true])) as CoursePermissions

async function aScene(status: Course['status'], column: Column, place: Place, price: string): Promise<Scene> {
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, author, {
    status,
    price,
    thumbnail: 'public/courses/x.webp',
    submittedBy: author.id,
  })
  const module = await aModule(em, course)
  const free = await aLesson(em, module, { isFree: true })
  const locked = await aLesson(em, module)
  const review = em.create(Review, { course, user: em.getReference(User, learner.id), rating: 5 })
  await em.flush()
  if (status === 'published') await anEnrollment(em, course, learner)
  if (place !== 'foreign' && (column === 'assistant' || column === 'teacher' || column === 'producer')) {
    await aStaffMember(em, course, users[column], column, place === 'keyed' ? everything : {})
  }
  return { course, free, locked, learner, review }
}

for (const [action, status, cells, call] of table) {
  it(`${action}: ${columns.map((column, index) => `${column} ${cells.split(' ')[index]}`).join(', ')}`, async () => {
    for (const [index, column] of columns.entries()) {
      const cell = cells.split(' ')[index] as Cell
      // Who has no place in any course is as much a stranger in all of them.
      const isStaff = column === 'assistant' || column === 'teacher' || column === 'producer'
      for (const place of isStaff ? places : (['foreign'] as const)) {
        const scene = await aScene(status, column, place, action === 'enroll' ? '0.00' : '10.00')
        const answer = await call(agents[column], scene)
        const outcome = `${column}, ${place}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 160)}`
        if (allowedIn[cell].includes(place)) expect(outcome).toMatch(/: 20\d/)
        else if (column === 'anon') expect(outcome).toMatch(/: (?:401|403|404)/)
        else expect(outcome).toMatch(/: (?:403|404|409 .*course_staff)/)
      }
    }
  })
}

it('lets a primary teacher, and no other, archive a course and delete a draft', async () => {
  const agent = await server.signIn(author)
  const published = await aScene('published', 'teacher', 'plain', '0.00')
  await agents.teacher.post(at(published, 'archive/')).expect(403)
  await agent.post(at(published, 'archive/')).expect(200)
  const em = server.context.orm.em.fork()
  const draft = await aCourse(em, author, { status: 'draft' })
  await agent.delete(at({ ...published, course: draft })).expect(204)
})

it('lets learners review a course once they are enrolled, and nobody who teaches it', async () => {
  for (const column of ['student', 'assistant', 'teacher', 'producer'] as const) {
    for (const place of column === 'student' ? (['foreign'] as const) : (['foreign', 'keyed'] as const)) {
      const scene = await aScene('published', column, place, '0.00')
      await anEnrollment(server.context.orm.em.fork(), scene.course, users[column])
      const answer = await agents[column].post(at(scene, 'reviews/')).send({ rating: 4 })
      expect([column, place, answer.status]).toEqual([column, place, place === 'foreign' ? 201 : 403])
    }
  }
})
