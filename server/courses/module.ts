import { DeferMode, defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { Course } from './course.ts'

const schema = defineEntity({
  name: 'Module',
  // Deferrable, so that one UPDATE may reorder rows in place.
  uniques: [
    { name: 'module_course_order_unique', properties: ['course', 'order'], deferMode: DeferMode.INITIALLY_IMMEDIATE },
  ],
  checks: [{ name: 'module_order_positive', expression: '"order" >= 0' }],
  properties: {
    ...base,
    course: () => p.manyToOne(Course).deleteRule('cascade'),
    title: p.string().length(200),
    description: p.text().default(''),
    /** From 1, without gaps. */
    order: p.integer(),
    isFree: p.boolean().default(false),
  },
})

/** A chapter of a course. */
export class Module extends schema.class {}
schema.setClass(Module)
