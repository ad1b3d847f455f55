import type { RequiredEntityData } from '@mikro-orm/core'
import type { User } from '../../../server/accounts/user.ts'
import { Course } from '../../../server/courses/course.ts'
import { Enrollment } from '../../../server/courses/enrollment.ts'
import type { Lesson } from '../../../server/courses/lesson.ts'
import { Module } from '../../../server/courses/module.ts'
import type { EntityManager } from '../../../server/db/orm.ts'
import { LessonProgress } from '../../../server/progress/lesson-progress.ts'
import { aCourse, aLesson, aModule, anEnrollment } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

type Agent = Awaited<ReturnType<TestServer['signIn']>>

export interface Learner {
  user: User
  agent: Agent
}

/** A paid course of a teacher with one module, and ways to put people and lessons into it. */
export interface Classroom extends AsyncDisposable {
  server: TestServer
  teacher: Learner
  course: Course
  em(): EntityManager
  /** Enrolled, and signed in. */
  learner(given?: Partial<RequiredEntityData<Enrollment>>): Promise<Learner>
  /** Signed in, with no place in the course. */
  stranger(role?: 'student' | 'teacher'): Promise<Learner>
  lesson(given?: Partial<RequiredEntityData<Lesson>>): Promise<Lesson>
  rowOf(lesson: Lesson, user: User): Promise<LessonProgress | null>
  enrollmentOf(user: User): Promise<Enrollment>
}

export async function openClassroom(redisUrl?: string): Promise<Classroom> {
  const server = await startServer(redisUrl ? { redisUrl } : {})
  const em = () => server.context.orm.em.fork()
  const signedIn = async (user: User): Promise<Learner> => ({ user, agent: await server.signIn(user) })
  const teacher = await signedIn(await server.register('teacher'))
  const tx = em()
  const course = await aCourse(tx, teacher.user, { price: '100.00' })
  const module = await aModule(tx, course)
  let order = 0
  return {
    server,
    teacher,
    course,
    em,
    async learner(given) {
      const user = await server.register()
      const here = em()
      await anEnrollment(here, await here.findOneOrFail(Course, { id: course.id }), user, given)
      return signedIn(user)
    },
    stranger: async (role = 'student') => signedIn(await server.register(role)),
    async lesson(given) {
      const here = em()
      order += 1
      return aLesson(here, await here.findOneOrFail(Module, { id: module.id }), { order, ...given })
    },
    rowOf: (lesson, user) => em().findOne(LessonProgress, { lesson: lesson.id, user: user.id }),
    enrollmentOf: (user) => em().findOneOrFail(Enrollment, { course: course.id, user: user.id }),
    async [Symbol.asyncDispose]() {
      // The next one's database counts its people and lessons from one again.
      if (server.context.redis.isReady) await server.context.redis.flushDb()
      await server[Symbol.asyncDispose]()
    },
  }
}
