import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { Profile } from './profile.ts'

const schema = defineEntity({
  name: 'WorkExperience',
  indexes: [{ properties: ['profile', 'endDate'] }],
  checks: [{ name: 'work_experience_ends_after_start', expression: 'end_date >= start_date' }],
  properties: {
    ...base,
    profile: () => p.manyToOne(Profile).deleteRule('cascade'),
    company: p.string().length(255),
    position: p.string().length(200),
    description: p.text().default(''),
    startDate: p.date(),
    /** Null while it goes on; those are shown first. */
    endDate: p.date().nullable(),
  },
})

/** Where somebody worked, on their profile. */
export class WorkExperience extends schema.class {}
schema.setClass(WorkExperience)
