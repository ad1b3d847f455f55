import { defineEntity, p } from '@mikro-orm/core'
import { ANALYTICS_SCHEMA } from './course-view.ts'

const schema = defineEntity({
  name: 'RevenueFact',
  schema: ANALYTICS_SCHEMA,
  indexes: [{ properties: ['courseId', 'date'] }, { properties: ['date'] }, { properties: ['recordedAt'] }],
  properties: {
    /** The ledger's own: a line is mirrored once. */
    id: p.integer().primary().autoincrement(false),
    courseId: p.integer(),
    paymentId: p.string().length(24),
    /** Negative for a refund. */
    amount: p.decimal().precision(10).scale(2),
    currency: p.string().length(3),
    transactionType: p.string().length(20),
    date: p.datetime(),
    /** When the ledger got it. */
    recordedAt: p.datetime(),
  },
})

/** A line of the ledger, mirrored. */
export class RevenueFact extends schema.class {}
schema.setClass(RevenueFact)
