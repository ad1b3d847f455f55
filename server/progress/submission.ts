import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { Lesson } from '../courses/lesson.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'Submission',
  indexes: [{ properties: ['lesson', 'createdAt'] }, { properties: ['user', 'createdAt'] }],
  checks: [{ name: 'submission_grade_positive', expression: 'grade >= 0' }],
  properties: {
    ...base,
    lesson: () => p.manyToOne(Lesson).deleteRule('cascade'),
    user: () => p.manyToOne(User).deleteRule('cascade'),
    text: p.text().default(''),
    /** Ids of the learner's own media assets. */
    files: p.json<number[]>().default([]),
    /** Null until a teacher has looked at it. */
    grade: p.integer().nullable(),
    comment: p.text().default(''),
    gradedBy: () => p.manyToOne(User).nullable().deleteRule('set null'),
    gradedAt: p.datetime().nullable(),
  },
})

/** What a learner handed in for an assignment; the newest counts. */
export class Submission extends schema.class {}
schema.setClass(Submission)
