import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'
import { MediaAsset } from '../library/media-asset.ts'
import { Category } from './category.ts'
import { Tag } from './tag.ts'

export const courseStatuses = ['draft', 'review', 'published', 'archived'] as const
export const courseTypes = ['video', 'text', 'mixed'] as const
export const difficulties = ['beginner', 'intermediate', 'advanced'] as const

const orders = ['price', 'created_at', 'average_rating', 'students_count', 'duration_hours']

/** With all that is filtered by beside it, so that a walk along it reads no rows. */
const filters = ['category_id', 'price', 'average_rating', 'duration_hours', 'language', 'type', 'difficulty']

function catalogIndex(column: string, id: string, way: string) {
  const name = `course_catalog_${column}_${way}`
  const beside = filters.filter((filter) => filter !== column).join(', ')
  return {
    name,
    expression: `create index "${name}" on "course" (${column}, ${id}) include (${beside}) where status = 'published'`,
  }
}

const schema = defineEntity({
  name: 'Course',
  indexes: [
    { properties: ['status', 'createdAt'] },
    // Both ways: equals are ordered by the newest id whichever way the field itself goes.
    ...orders.flatMap((column) => [catalogIndex(column, 'id', 'down'), catalogIndex(column, 'id desc', 'up')]),
    {
      // Every filter but tags, teachers and words is answered from this alone.
      name: 'course_facets',
      expression: `create index "course_facets" on "course" (status, category_id, price, average_rating, duration_hours, language, type, difficulty, currency, students_count, created_at, id)`,
    },
    {
      name: 'course_words',
      // Written at once, not piled up: a search would look through the pile.
      expression: 'create index "course_words" on "course" using gin (words) with (fastupdate=off)',
    },
    {
      name: 'course_search_trigrams',
      expression: 'create index "course_search_trigrams" on "course" using gin (search gin_trgm_ops)',
    },
    {
      name: 'course_title_beginnings',
      expression: 'create index "course_title_beginnings" on "course" (lower(title) text_pattern_ops)',
    },
  ],
  checks: [
    { name: 'course_price_positive', expression: 'price >= (0)::numeric' },
    { name: 'course_rating_range', expression: 'average_rating >= (0)::numeric and average_rating <= (5)::numeric' },
    {
      name: 'course_counts_positive',
      expression:
        'students_count >= 0 and reviews_count >= 0 and total_lessons >= 0 and duration_hours >= 0 and duration_minutes >= 0',
    },
  ],
  properties: {
    ...base,
    title: p.string().length(200),
    /** Frozen once the course has been published: links lead to it. */
    slug: p.string().length(200).unique(),
    description: p.text().default(''),
    /** Title, description and teachers' names in small letters. Written by triggers alone. */
    search: p.text().default('').lazy().hidden(),
    /** Their stems and all their ends, so that what stands within a word is found by prefix. Likewise. */
    words: p.string().columnType('tsvector').default('').lazy().hidden(),
    shortDescription: p.string().length(300).default(''),
    requirements: p.text().default(''),
    targetAudience: p.text().default(''),
    status: p.enum(courseStatuses).default('draft'),
    type: p.enum(courseTypes).default('mixed'),
    difficulty: p.enum(difficulties).default('beginner'),
    language: p.string().length(10).default('ru'),
    price: p.decimal().precision(10).scale(2).default('0.00'),
    /** ISO 4217. */
    currency: p.string().length(3).default('RUB'),
    category: () => p.manyToOne(Category).nullable().index().deleteRule('restrict'),
    tags: () => p.manyToMany(Tag).owner(),
    /** Object key under `public/`; null until there is a picture. */
    thumbnail: p.string().length(255).nullable(),
    /** An address elsewhere, or else our own file. */
    previewVideoUrl: p.string().length(500).default(''),
    previewAsset: () => p.manyToOne(MediaAsset).nullable().deleteRule('set null'),
    // Server-owned: written in the transaction that causes them, and looked after every night.
    averageRating: p.decimal().precision(3).scale(2).default('0.00'),
    reviewsCount: p.integer().default(0),
    studentsCount: p.integer().default(0),
    totalLessons: p.integer().default(0),
    durationMinutes: p.integer().default(0),
    durationHours: p.integer().default(0),
    /** Who asked for the review that is under way, or was the last: somebody else approves. */
    submittedBy: () => p.manyToOne(User).nullable().deleteRule('set null'),
    /** The first time; the slug is frozen since. */
    publishedAt: p.datetime().nullable(),
    archivedAt: p.datetime().nullable(),
    /** What the reviewer wrote when it went back to draft. */
    reviewComment: p.text().default(''),
    /** Counts up with each edit; an edit of an older one is refused. */
    version: p.integer().default(1),
  },
})

/**
 * Something a learner enrolls in: ordered modules, each with ordered lessons.
 *
 *   draft ⇄ review ──▶ published ⇄ archived
 *     ▲───────────────────┘ while nobody is enrolled
 */
export class Course extends schema.class {
  isFree(): boolean {
    return Number(this.price) === 0
  }
}
schema.setClass(Course)
