import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'Category',
  checks: [{ name: 'category_is_not_its_own_parent', expression: 'parent_id <> id' }],
  properties: {
    ...base,
    name: p.string().length(100),
    slug: p.string().length(100).unique(),
    description: p.text().default(''),
    parent: () => p.manyToOne(Category).nullable().index().deleteRule('cascade'),
  },
})

/** A branch of the catalogue: a tree, three levels deep at most. */
export class Category extends schema.class {}
schema.setClass(Category)
