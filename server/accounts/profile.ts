import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { User } from './user.ts'

const schema = defineEntity({
  name: 'Profile',
  checks: [
    { name: 'profile_rating_range', expression: 'rating >= (0)::numeric and rating <= (5)::numeric' },
    { name: 'profile_counts_positive', expression: 'courses_count >= 0 and reviews_count >= 0' },
  ],
  properties: {
    ...base,
    user: () => p.oneToOne(User).owner().unique().deleteRule('cascade'),
    /** Shown in chat, reviews and on the channel; a student's full name never is. */
    displayName: p.string().length(50),
    avatar: p.string().length(255).nullable(),
    bio: p.text().default(''),
    customUrl: p.string().length(50).nullable().unique(),
    rating: p.decimal().precision(3).scale(2).default('0.00').index(),
    coursesCount: p.integer().default(0),
    reviewsCount: p.integer().default(0),
    /** Of a teacher's identity, by an admin; says nothing of a student. */
    verificationStatus: p
      .enum(['pending', 'verified', 'rejected'] as const)
      .default('pending')
      .index(),
  },
})

/** What others see of a person. Made with the account, in one transaction. */
export class Profile extends schema.class {}
schema.setClass(Profile)
