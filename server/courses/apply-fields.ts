import type { Settings } from '../admin/settings.ts'
import { isReserved } from '../channels/slug.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, type ErrorCode, fieldErrors } from '../errors.ts'
import { sanitizeHtml } from '../http/sanitize.ts'
import { MediaAsset } from '../library/media-asset.ts'
import { isAdmin, type Person } from './access.ts'
import { Category } from './category.ts'
import type { CourseChanges } from './contract.ts'
import type { Course } from './course.ts'
import { Tag } from './tag.ts'

/**
 * Writes the fields that are given to the row, and flushes. What refers to another row must refer to one that is there and
 * theirs to use.
 *
 * @throws {DomainError} `invalid_input` by field; `slug_taken`, `slug_reserved`, `slug_frozen`
 */
export async function applyFields(
  tx: EntityManager,
  course: Course,
  fields: CourseChanges,
  { settings, person }: { settings: Settings; person: Person },
): Promise<void> {
  const wrong: Record<string, ErrorCode> = {}
  const { languages, currencies } = settings.all()
  if (isNew(fields.language, course.language) && !languages.includes(fields.language)) wrong.language = 'unknown_choice'
  if (isNew(fields.currency, course.currency) && !currencies.includes(fields.currency))
    wrong.currency = 'unknown_choice'

  if (fields.category !== undefined) {
    const category = fields.category === null ? null : await tx.findOne(Category, { id: fields.category })
    if (fields.category !== null && !category) wrong.category = 'unknown_choice'
    course.category = category
  }
  if (fields.preview_asset !== undefined) {
    const asset = fields.preview_asset === null ? null : await tx.findOne(MediaAsset, { id: fields.preview_asset })
    // A file of somebody else's counts as none, or anybody could read it through a course of their own.
    const isTheirs = asset?.id === course.previewAsset?.id || asset?.owner?.id === person.id || isAdmin(person)
    if (fields.preview_asset !== null && !(asset && isTheirs)) wrong.preview_asset = 'unknown_choice'
    else course.previewAsset = asset
  }
  if (fields.tags !== undefined) {
    const ids = [...new Set(fields.tags)]
    const tags = await tx.find(Tag, { id: { $in: ids } })
    if (tags.length !== ids.length) wrong.tags = 'unknown_choice'
    await course.tags.init()
    course.tags.set(tags)
  }
  if (Object.keys(wrong).length > 0) throw fieldErrors(wrong)
  if (isNew(fields.slug, course.slug)) await takeSlug(tx, course, fields.slug)

  const text = {
    description: fields.description,
    requirements: fields.requirements,
    targetAudience: fields.target_audience,
  }
  const plain = {
    title: fields.title,
    shortDescription: fields.short_description,
    type: fields.type,
    difficulty: fields.difficulty,
    language: fields.language,
    previewVideoUrl: fields.preview_video_url,
    price: fields.price,
    currency: fields.currency,
  }
  Object.assign(course, given(plain))
  for (const [name, html] of Object.entries(given(text))) Object.assign(course, { [name]: sanitizeHtml(html) })
  await tx.flush()
}

async function takeSlug(tx: EntityManager, course: Course, slug: string): Promise<void> {
  if (course.publishedAt) throw new DomainError('slug_frozen')
  if (isReserved(slug)) throw new DomainError('slug_reserved')
  // Two at once are told apart by the unique constraint, which the transaction's caller translates.
  const taken = await tx.execute('select id from course where slug = ?', [slug])
  if (taken.length > 0) throw new DomainError('slug_taken')
  course.slug = slug
}

function isNew<T>(given: T | undefined, known: T): given is T {
  return given !== undefined && given !== known
}

function given<T extends object>(fields: T): { [Name in keyof T]-?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
