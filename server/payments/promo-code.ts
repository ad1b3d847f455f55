import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { Course } from '../courses/course.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'PromoCode',
  checks: [
    { name: 'promo_code_upper_case', expression: 'code = upper(btrim(code))' },
    { name: 'promo_code_percent_range', expression: 'percent >= 1 and percent <= 100' },
    { name: 'promo_code_amount_positive', expression: 'amount > (0)::numeric' },
    { name: 'promo_code_percent_or_amount', expression: '(percent is null) <> (amount is null)' },
    { name: 'promo_code_uses', expression: 'used >= 0 and used <= max_uses' },
  ],
  properties: {
    ...base,
    /** Upper-cased, so that the unique index knows no case. */
    code: p.string().length(50).unique(),
    percent: p.integer().nullable(),
    amount: p.decimal().precision(10).scale(2).nullable(),
    /** Of `amount`; it is worth nothing in another. */
    currency: p.string().length(3).nullable(),
    /** Null for every course; an admin's alone. */
    course: () => p.manyToOne(Course).nullable().index().deleteRule('cascade'),
    startsAt: p.datetime().nullable(),
    endsAt: p.datetime().nullable(),
    maxUses: p.integer().nullable(),
    /** Checkouts that took it and did not come to nothing. */
    used: p.integer().default(0),
    createdBy: () => p.manyToOne(User).nullable().deleteRule('set null'),
  },
})

/** A word that makes a course cheaper. */
export class PromoCode extends schema.class {}
schema.setClass(PromoCode)
