import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { Course } from '../courses/course.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'Review',
  indexes: [
    { properties: ['course', 'createdAt'] },
    { properties: ['user', 'createdAt'] },
    { properties: ['isVerified'] },
  ],
  uniques: [{ properties: ['course', 'user'] }],
  checks: [{ name: 'review_rating_range', expression: 'rating >= 1 and rating <= 5' }],
  properties: {
    ...base,
    course: () => p.manyToOne(Course).deleteRule('cascade'),
    user: () => p.manyToOne(User).deleteRule('restrict'),
    rating: p.smallint(),
    title: p.string().length(200).default(''),
    content: p.text().default(''),
    /** Its author paid, or completed a lesson; the server's word. */
    isVerified: p.boolean().default(false),
    isHidden: p.boolean().default(false),
    hiddenReason: p.string().length(500).default(''),
    teacherReply: p.text().default(''),
    repliedAt: p.datetime().nullable(),
  },
})

/** What a learner says of a course; one each. */
export class Review extends schema.class {}
schema.setClass(Review)
