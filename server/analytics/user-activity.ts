import { defineEntity, p } from '@mikro-orm/core'
import { ANALYTICS_SCHEMA } from './course-view.ts'

const count = () => p.integer().default(0)

const schema = defineEntity({
  name: 'UserActivity',
  schema: ANALYTICS_SCHEMA,
  indexes: [{ properties: ['day'] }],
  uniques: [{ properties: ['userId', 'day'] }],
  properties: {
    id: p.bigint('number').primary(),
    userId: p.integer(),
    /** Of the books: it begins and ends in the business time zone. */
    day: p.date(),
    signIns: count(),
    /** Lessons that were watched, read or worked on. */
    lessonsTouched: count(),
    lessonsCompleted: count(),
    /** Quizzes and assignments. */
    submissions: count(),
    reviews: count(),
    enrollments: count(),
    payments: count(),
    courseViews: count(),
    updatedAt: p.datetime(),
  },
})

/** What somebody did on a day; no row for a day without anything. */
export class UserActivity extends schema.class {}
schema.setClass(UserActivity)
