import { defineEntity, p } from '@mikro-orm/core'
import { Course } from '../courses/course.ts'
import { base } from '../db/base.ts'
import { Payment } from './payment.ts'

const schema = defineEntity({
  name: 'Revenue',
  indexes: [{ properties: ['course', 'date'] }, { properties: ['date'] }, { properties: ['transactionType'] }],
  uniques: [{ properties: ['payment', 'transactionType', 'providerRef'] }],
  properties: {
    ...base,
    course: () => p.manyToOne(Course).deleteRule('restrict'),
    payment: () => p.manyToOne(Payment).deleteRule('restrict'),
    /** Negative for a refund, so that the sum is what came in. */
    amount: p.decimal().precision(10).scale(2),
    currency: p.string().length(3),
    transactionType: p.enum(['sale', 'refund', 'affiliate'] as const),
    /** The provider's own name of it: the same event never counts twice. */
    providerRef: p.string().length(255),
    date: p.datetime(),
    details: p
      .json<Record<string, unknown>>()
      .defaultRaw(`'{}'`)
      .onCreate(() => ({})),
  },
})

/** A line of the ledger; never changed, never deleted. */
export class Revenue extends schema.class {}
schema.setClass(Revenue)
