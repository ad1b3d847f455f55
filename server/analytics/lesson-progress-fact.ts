import { defineEntity, p } from '@mikro-orm/core'
import { ANALYTICS_SCHEMA } from './course-view.ts'

const schema = defineEntity({
  name: 'LessonProgressFact',
  schema: ANALYTICS_SCHEMA,
  indexes: [
    { properties: ['courseId', 'startedAt'] },
    { properties: ['courseId', 'completedAt'] },
    { properties: ['userId', 'startedAt'] },
    { properties: ['startedAt'] },
    { properties: ['completedAt'] },
    { properties: ['lastActivity'] },
  ],
  uniques: [{ properties: ['lessonId', 'userId'] }],
  properties: {
    id: p.bigint('number').primary(),
    courseId: p.integer(),
    lessonId: p.integer(),
    userId: p.integer(),
    status: p.string().length(20),
    progress: p.integer(),
    watchedSeconds: p.double(),
    startedAt: p.datetime().nullable(),
    completedAt: p.datetime().nullable(),
    lastActivity: p.datetime(),
  },
})

/** How far a learner is with a lesson, mirrored. Stays when the lesson is gone: it was learned. */
export class LessonProgressFact extends schema.class {}
schema.setClass(LessonProgressFact)
