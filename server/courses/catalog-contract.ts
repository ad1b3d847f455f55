import { z } from 'zod'
import { pageOf } from '../http/page.ts'
import { categoryRefJson, tagJson } from './contract.ts'
import { courseStatuses, courseTypes, difficulties } from './course.ts'
import { enrollmentStatuses } from './enrollment.ts'

export const orderFields = ['price', 'created_at', 'average_rating', 'students_count', 'duration_hours'] as const
export type OrderField = (typeof orderFields)[number]

/** Given twice, the last one counts; given empty, none. */
const lastOf = (value: unknown) => (Array.isArray(value) ? value.at(-1) : value) || undefined
const listOf = (value: unknown) => {
  const parts = [value].flat().flatMap((part) => (typeof part === 'string' ? part.split(',') : []))
  const said = [...new Set(parts.map((part) => part.trim()).filter(Boolean))].toSorted()
  return said.length > 0 ? said : undefined
}
const optional = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(lastOf, schema.optional()).optional()
const several = (max = 50) => z.preprocess(listOf, z.array(z.string().max(100)).max(max).optional()).optional()

/** A plain decimal: no exponent, no infinity, nothing that PostgreSQL would read otherwise. */
const decimal = optional(
  z
    .string()
    .trim()
    .refine((text) => /^-?\d{1,9}(\.\d{1,9})?$/.test(text), { params: { code: 'number_expected' } })
    .transform((text) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)),
)
const choice = <const Choices extends readonly [string, ...string[]]>(choices: Choices) =>
  optional(
    z
      .string()
      .refine((text) => choices.includes(text), { params: { code: 'unknown_choice' } })
      .transform((text) => text as Choices[number]),
  )
const choices = <const Choices extends readonly [string, ...string[]]>(known: Choices) =>
  z
    .preprocess(
      listOf,
      z
        .array(z.string().refine((text) => known.includes(text), { params: { code: 'unknown_choice' } }))
        .transform((said) => said as Choices[number][])
        .optional(),
    )
    .optional()
const truth = optional(
  z
    .string()
    .refine((text) => /^(true|false|1|0)$/i.test(text), { params: { code: 'unknown_choice' } })
    .transform((text) => /^(true|1)$/i.test(text)),
)

/** What the catalogue is filtered, ordered and searched by. Anything else in a query is ignored. */
export const catalogQuery = z.object({
  search: optional(z.string().trim().max(200)),
  price: decimal,
  price_min: decimal,
  price__gte: decimal,
  price_max: decimal,
  price__lte: decimal,
  average_rating_min: decimal,
  average_rating__gte: decimal,
  average_rating_max: decimal,
  average_rating__lte: decimal,
  duration_hours_min: decimal,
  duration_hours__gte: decimal,
  duration_hours_max: decimal,
  duration_hours__lte: decimal,
  is_free: truth,
  /** Codes; several by a comma or by saying it again. */
  language: several(),
  language__in: several(),
  difficulty: choice(difficulties),
  type: choice(courseTypes),
  /** An id or a slug; with all that is below it. */
  category: optional(z.string().trim().max(100)),
  /** Ids or slugs; courses with any of them. */
  tags: several(),
  /** An account's id, or the address of a teacher's page. */
  teacher: optional(z.string().trim().max(50)),
  /** Only for those who manage courses: theirs of these statuses, an admin's all. */
  status: choices(courseStatuses),
  /** Fields apart by commas, `-` for the largest first. Unknown ones are left out. */
  ordering: z.preprocess(listOrder, z.array(z.string()).optional()).optional(),
  page: z.string().optional().catch(undefined),
  page_size: z.string().optional().catch(undefined),
})
export type CatalogQuery = z.output<typeof catalogQuery>

export const searchQuery = catalogQuery.extend({
  /** The same as `search`. */
  q: optional(z.string().trim().max(200)),
  /** With `1`: up to eight titles and teachers instead of courses. */
  suggest: truth,
})

export const priceQuery = z.object({
  /** ISO 4217; sums of different currencies cannot be compared. */
  currency: optional(
    z
      .string()
      .toUpperCase()
      .refine((text) => /^[A-Z]{3}$/.test(text), { params: { code: 'unknown_choice' } }),
  ),
})

const moment = z.iso.datetime()
/** A course in a list: without its description, requirements, audience and modules. */
export const courseCardJson = z.object({
  id: z.int(),
  slug: z.string(),
  title: z.string(),
  short_description: z.string(),
  type: z.enum(courseTypes),
  difficulty: z.enum(difficulties),
  language: z.string(),
  price: z.string(),
  currency: z.string(),
  category: categoryRefJson.nullable(),
  tags: z.array(tagJson),
  /** The primary one. */
  teacher: z
    .object({
      id: z.int(),
      display_name: z.string(),
      custom_url: z.string().nullable(),
      avatar: z.string().nullable(),
    })
    .nullable(),
  thumbnail_url: z.string().nullable(),
  average_rating: z.string(),
  reviews_count: z.int(),
  students_count: z.int(),
  total_lessons: z.int(),
  duration_hours: z.int(),
  duration_minutes: z.int(),
  status: z.enum(courseStatuses),
  published_at: moment.nullable(),
  created_at: moment,
  /** The caller's own; null without one, absent for a guest. */
  enrollment: z
    .object({ status: z.enum(enrollmentStatuses), progress_percent: z.int() })
    .nullable()
    .optional(),
})
export type CourseCardJson = z.infer<typeof courseCardJson>
export const coursePageJson = pageOf(courseCardJson)
export type CoursePageJson = z.infer<typeof coursePageJson>

export const suggestionJson = z.object({
  kind: z.enum(['course', 'teacher']),
  text: z.string(),
  /** Of the course, or of the teacher's page. */
  slug: z.string(),
})
export type SuggestionJson = z.infer<typeof suggestionJson>

export const priceRangesJson = z.object({
  currency: z.string(),
  min_price: z.string().nullable(),
  max_price: z.string().nullable(),
  /** Each from `min` up to, but not including, `max`. */
  ranges: z.array(z.object({ min: z.string(), max: z.string().nullable(), label: z.string(), count: z.int() })),
})
export type PriceRangesJson = z.infer<typeof priceRangesJson>

function listOrder(value: unknown): string[] | undefined {
  const said = lastOf(value)
  if (typeof said !== 'string') return undefined
  const known = said
    .split(',')
    .map((part) => part.trim())
    .filter((part) => (orderFields as readonly string[]).includes(part.replace(/^-/, '')))
  // The first mention of a field decides.
  const first = known.filter((part, at) => known.findIndex((one) => bare(one) === bare(part)) === at)
  return first.length > 0 ? first : undefined
}

function bare(part: string): string {
  return part.replace(/^-/, '')
}
