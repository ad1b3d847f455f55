import Big from 'big.js'
import { z } from 'zod'
import { actions, courseRoles } from './access.ts'
import type { Category } from './category.ts'
import { courseStatuses, courseTypes, difficulties } from './course.ts'
import { enrollmentStatuses } from './enrollment.ts'
import { moduleOutlineJson } from './lesson-contract.ts'
import type { Tag } from './tag.ts'

export const id = z.coerce
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1)
export const idParams = z.strictObject({ id })
/** A course also by its slug. */
export const courseParams = z.strictObject({ id: z.string().max(200) })
export const placeParams = z.strictObject({ id, place: id })

export const tagsQuery = z.object({ search: z.string().trim().max(50).default('') })
export const tagBody = z.strictObject({ name: z.string().trim().min(1).max(50) })
export const tagJson = z.object({ id: z.number().int(), name: z.string(), slug: z.string() })
export type TagJson = z.infer<typeof tagJson>

export function presentTag(tag: Tag): TagJson {
  return { id: tag.id, name: tag.name, slug: tag.slug }
}

/** Letters that an address may have; at least one, or it would be taken for an id. */
const slug = z
  .string()
  .trim()
  .toLowerCase()
  .max(100)
  .regex(/^(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*$/)

export const categoryBody = z.strictObject({
  name: z.string().trim().min(1).max(100),
  /** Made of the name unless it is given. */
  slug: slug.optional(),
  description: z.string().trim().max(5000).default(''),
  parent: z.int32().positive().nullable().default(null),
})
export type CategoryBody = z.output<typeof categoryBody>

export const categoryRefJson = z.object({ id: z.int(), name: z.string(), slug: z.string() })
export const categoryJson = categoryRefJson.extend({ description: z.string(), parent: z.int().nullable() })
export type CategoryJson = z.infer<typeof categoryJson>
/** Three levels deep at most. */
export const categoryTreeJson = categoryJson.extend({
  children: z.array(categoryJson.extend({ children: z.array(categoryJson.extend({ children: z.array(z.never()) })) })),
})
export type CategoryTreeJson = CategoryJson & { children: CategoryTreeJson[] }

export function presentCategory(category: Category): CategoryJson {
  const { id, name, slug, description, parent } = category
  return { id, name, slug, description, parent: parent?.id ?? null }
}

/** A decimal as a string, or as a number that is taken as it is written. */
export const money = z
  .union([z.string().trim(), z.number()])
  .transform(String)
  .pipe(z.string().regex(/^\d{1,8}(?:\.\d{1,2})?$/))
  .transform((text) => new Big(text).toFixed(2))

const webAddress = z
  .string()
  .trim()
  .max(500)
  .pipe(z.url({ protocol: /^https?$/ }))
/** Empty, or an address elsewhere. Nothing here is ever opened by us. */
export const videoAddress = z.union([z.literal(''), webAddress])

const html = z.string().max(50_000)
const field = {
  title: z.string().trim().min(1).max(200),
  /** Of its address; may change until the course is published for the first time. */
  slug,
  description: html,
  short_description: z.string().trim().max(300),
  requirements: html,
  target_audience: html,
  type: z.enum(courseTypes),
  difficulty: z.enum(difficulties),
  language: z.string().max(10),
  category: z.int32().positive().nullable(),
  tags: z.array(z.int32().positive()).max(20),
  preview_video_url: videoAddress,
  /** A file of one's own instead of an address. */
  preview_asset: z.int32().positive().nullable(),
  price: money,
  /** ISO 4217. */
  currency: z.string().length(3),
}
const whole = z.strictObject({
  ...field,
  slug: field.slug.optional(),
  description: field.description.default(''),
  short_description: field.short_description.default(''),
  requirements: field.requirements.default(''),
  target_audience: field.target_audience.default(''),
  type: field.type.default('mixed'),
  difficulty: field.difficulty.default('beginner'),
  language: field.language.default('ru'),
  category: field.category.default(null),
  tags: field.tags.default([]),
  preview_video_url: field.preview_video_url.default(''),
  preview_asset: field.preview_asset.default(null),
})
const change = {
  /** Of the course that was edited; another one was saved meanwhile when it differs. `If-Match` says the same. */
  version: z.int32().positive().optional(),
  /** As it is, or where one of the status actions leads. */
  status: z.enum(courseStatuses).optional(),
}

export const courseCreate = whole.extend({
  price: field.price.default('0.00'),
  currency: field.currency.default('RUB'),
})
/** What is left out is reset; but never the price, which must be said. */
export const courseReplace = whole.extend(change)
/** What is left out stays. */
export const coursePatch = z.strictObject(field).partial().extend(change)
export type CourseCreate = z.output<typeof courseCreate>
export type CourseChanges = z.output<typeof coursePatch>

export const statusBody = z.strictObject({
  /** What the author is told; a rejection needs one. */
  comment: z.string().trim().max(2000).default(''),
})

export const teacherJson = z.object({
  id: z.int(),
  display_name: z.string(),
  custom_url: z.string().nullable(),
  avatar_url: z.string().nullable(),
  is_primary: z.boolean(),
})

const moment = z.iso.datetime()
export const courseJson = z.object({
  id: z.int(),
  title: z.string(),
  slug: z.string(),
  description: z.string(),
  short_description: z.string(),
  requirements: z.string(),
  target_audience: z.string(),
  status: z.enum(courseStatuses),
  type: z.enum(courseTypes),
  difficulty: z.enum(difficulties),
  language: z.string(),
  price: z.string(),
  currency: z.string(),
  category: categoryRefJson.nullable(),
  tags: z.array(tagJson),
  thumbnail_url: z.string().nullable(),
  /** Elsewhere, or signed for an hour; null without one. */
  preview_video_url: z.string().nullable(),
  average_rating: z.string(),
  reviews_count: z.int(),
  students_count: z.int(),
  total_lessons: z.int(),
  duration_minutes: z.int(),
  duration_hours: z.int(),
  published_at: moment.nullable(),
  created_at: moment,
  updated_at: moment,
  version: z.int(),
  teachers: z.array(teacherJson),
  modules: z.array(moduleOutlineJson),
  /** The caller's; null of who was never in it. */
  enrollment: z
    .object({
      id: z.int(),
      status: z.enum(enrollmentStatuses),
      enrolled_at: moment,
      completed_at: moment.nullable(),
      last_lesson: z.int().nullable(),
    })
    .nullable(),
  /** The caller's, of what is published; null without an enrollment. */
  progress: z
    .object({
      percent: z.int(),
      completed_lessons: z.int(),
      lessons: z.array(
        z.object({ lesson: z.int(), status: z.enum(['not_started', 'in_progress', 'completed']), progress: z.int() }),
      ),
    })
    .nullable(),
  can_edit: z.boolean(),
  /** All that the caller may do with it. */
  rights: z.array(z.enum(actions)),
  /** Why it was rejected; for its staff, else null. */
  review_comment: z.string().nullable(),
})
export type CourseJson = z.infer<typeof courseJson>

/** Answer to what changes the status. */
export const courseStatusJson = courseJson.pick({ id: true, status: true, version: true, published_at: true })

export const placeJson = z.object({
  id: z.int(),
  user: z.object({ id: z.int(), display_name: z.string(), avatar_url: z.string().nullable() }),
  role: z.enum(courseRoles),
  permissions: z.record(z.string(), z.boolean()),
  is_primary: z.boolean(),
  created_at: moment,
})
export type PlaceJson = z.infer<typeof placeJson>
