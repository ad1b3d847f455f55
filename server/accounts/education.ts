import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { Profile } from './profile.ts'

const schema = defineEntity({
  name: 'Education',
  indexes: [{ properties: ['profile', 'endDate'] }],
  checks: [{ name: 'education_ends_after_start', expression: 'end_date >= start_date' }],
  properties: {
    ...base,
    profile: () => p.manyToOne(Profile).deleteRule('cascade'),
    institution: p.string().length(255),
    degree: p.string().length(100),
    fieldOfStudy: p.string().length(200),
    startDate: p.date(),
    /** Null while it goes on; those are shown first. */
    endDate: p.date().nullable(),
  },
})

/** Where somebody studied, on their profile. */
export class Education extends schema.class {}
schema.setClass(Education)
