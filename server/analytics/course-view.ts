import { defineEntity, p } from '@mikro-orm/core'

/** Where all tables of the analytics are: beside ours in one database, or alone in one of their own. */
export const ANALYTICS_SCHEMA = 'analytics'

const schema = defineEntity({
  name: 'CourseView',
  schema: ANALYTICS_SCHEMA,
  indexes: [
    { properties: ['courseId', 'viewedAt'] },
    { properties: ['userId', 'viewedAt'] },
    { properties: ['viewedAt'] },
  ],
  uniques: [{ properties: ['courseId', 'visitor', 'bucket'] }],
  properties: {
    id: p.bigint('number').primary(),
    // Ids without foreign keys: what they name may be in another database, and may be gone.
    courseId: p.integer(),
    userId: p.integer().nullable(),
    /** Who, as far as it is known: an account, or a guest for one day. */
    visitor: p.string().length(40),
    /** The network it came from, not the address; null after a while. */
    ip: p.string().columnType('inet').nullable(),
    userAgent: p.string().length(500).default(''),
    /** Half hours since 1970: looking again within one is the same view. */
    bucket: p.integer(),
    viewedAt: p.datetime(),
  },
})

/** Somebody looked at the page of a course. */
export class CourseView extends schema.class {}
schema.setClass(CourseView)
