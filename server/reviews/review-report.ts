import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'
import { Review } from './review.ts'

const schema = defineEntity({
  name: 'ReviewReport',
  uniques: [{ properties: ['review', 'user'] }],
  properties: {
    ...base,
    review: () => p.manyToOne(Review).deleteRule('cascade'),
    user: () => p.manyToOne(User).deleteRule('cascade'),
    reason: p.string().length(500),
  },
})

/** Somebody thinks that a review should not be there. */
export class ReviewReport extends schema.class {}
schema.setClass(ReviewReport)
