import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { Profile } from './profile.ts'

const schema = defineEntity({
  name: 'CustomUrlHistory',
  properties: {
    ...base,
    profile: () => p.manyToOne(Profile).deleteRule('cascade'),
    /** Nobody else may take it: old links lead to its first owner. */
    customUrl: p.string().length(50).unique(),
  },
})

/** An address that a teacher's page had before. */
export class CustomUrlHistory extends schema.class {}
schema.setClass(CustomUrlHistory)
