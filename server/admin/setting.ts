import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'Setting',
  properties: {
    ...base,
    name: p.string().length(60).unique(),
    value: p.json<unknown>(),
  },
})

/** A system setting that an admin changed; what is not here has its default (settings.ts). */
export class Setting extends schema.class {}
schema.setClass(Setting)
