import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'Tag',
  indexes: [
    { name: 'tag_name_unique_ci', expression: 'create unique index "tag_name_unique_ci" on "tag" (lower(name))' },
  ],
  properties: {
    ...base,
    name: p.string().length(50),
    slug: p.string().length(60).unique(),
  },
})

/** A word that courses are found by. */
export class Tag extends schema.class {}
schema.setClass(Tag)
