import { type CourseRole, heldRoles, isAdmin, type Person } from './access.ts'
import type { CatalogQuery, OrderField } from './catalog-contract.ts'
import { escapeLike, parseSearch, type SearchTerm } from './search-terms.ts'

/** A piece of SQL with the values of its question marks. */
export interface Piece {
  text: string
  values: readonly (string | number | readonly string[] | readonly number[])[]
  /** True where an index must be used: what is compared lies outside of the row, which the planner takes for free. */
  isOutOfLine?: boolean
}

/** `order by` without the words, and the columns of `course c` that it needs: beside the id, as few as can be. */
export interface Order extends Piece {
  columns: string
  /** The other way round; null where no index goes along it. */
  reversed: string | null
}

/** What a list is narrowed by besides the visitor's own filters. */
export interface CatalogScope {
  /** Courses that this account teaches. */
  teacherId?: number
  /** Somebody's own courses of the statuses asked for, instead of what is published. */
  manager?: Person
}

/** The conditions on `course c`, all of which hold. Everything that came from outside is a value, never text. */
export function conditionsOf(query: CatalogQuery, { teacherId, manager }: CatalogScope = {}): Piece[] {
  const { price, is_free, difficulty, type, category, tags, teacher, search = '' } = query
  const pieces: Piece[] = manager
    ? managed(manager, query.status ?? [])
    : [{ text: `c.status = 'published'`, values: [] }]
  const add = (text: string, ...values: Piece['values'][number][]) => pieces.push({ text, values })
  if (price !== undefined) add('c.price = ?::numeric', price)
  for (const field of ['price', 'average_rating', 'duration_hours'] as const) {
    for (const least of new Set([query[`${field}_min`], query[`${field}__gte`]])) {
      if (least !== undefined) add(`c.${field} >= ${bound(field, 'ceil')}`, least)
    }
    for (const most of new Set([query[`${field}_max`], query[`${field}__lte`]])) {
      if (most !== undefined) add(`c.${field} <= ${bound(field, 'floor')}`, most)
    }
  }
  if (is_free !== undefined) add(is_free ? 'c.price = 0' : 'c.price > 0')
  for (const languages of [query.language, query.language__in]) {
    if (languages) add(`c.language in (${marks(languages)})`, ...languages)
  }
  if (difficulty) add('c.difficulty = ?', difficulty)
  if (type) add('c.type = ?', type)
  if (category) {
    const known = idOrSlug(category, 'slug')
    add(
      `c.category_id = any (array(with recursive branch as (
         select id from category where ${known.text}
         union select child.id from category child join branch on child.parent_id = branch.id)
       select id from branch))`,
      ...known.values,
    )
  }
  if (tags) {
    const known = tags.map((tag) => idOrSlug(tag, 'slug'))
    add(
      `c.id in (select course_id from course_tags where tag_id in
         (select id from tag where ${known.map(({ text }) => text).join(' or ')}))`,
      ...known.flatMap(({ values }) => values),
    )
  }
  if (teacher) {
    const known = idOrSlug(teacher, 'custom_url', 'user_id')
    add(`${taughtBy} (select user_id from profile where ${known.text}))`, ...known.values)
  }
  if (teacherId !== undefined) add(`${taughtBy} (?))`, teacherId)
  return [...pieces, ...parseSearch(search).map(found)]
}

/** What a term must be found in. */
export function found({ text, kind }: SearchTerm): Piece {
  if (kind === 'beginning') return { text: 'lower(c.title) like lower(?)', values: [`${escapeLike(text)}%`] }
  if (kind === 'phrase') return { text: 'c.search like lower(?)', values: [`%${escapeLike(text)}%`], isOutOfLine: true }
  return { text: 'c.words @@ course_query(?)', values: [text], isOutOfLine: true }
}

/** The newest id decides between equals, so no page repeats another's courses. */
export function orderOf({ ordering = ['-created_at'] }: Pick<CatalogQuery, 'ordering'>): Order {
  const fields = ordering.map((part) => part.replace(/^-/, '') as OrderField)
  const parts = ordering.map((part, at) => ({ column: `c.${fields[at]}`, isDown: part.startsWith('-') }))
  const inOrder = (isReversed: boolean) =>
    [...parts, { column: 'c.id', isDown: true }]
      .map(({ column, isDown }) => (isDown === isReversed ? column : `${column} desc`))
      .join(', ')
  return { text: inOrder(false), reversed: inOrder(true), values: [], columns: `c.id, c.${fields.join(', c.')}` }
}

/** Titles before descriptions, the beginning of a title before its middle, then what is learned most. */
export function relevanceOf(query: CatalogQuery): Order {
  const terms = parseSearch(query.search ?? '')
  if (query.ordering || terms.length === 0) return orderOf(query)
  const inTitle = terms.map(() => '(lower(c.title) like lower(?))::int').join(' + ')
  return {
    text: `2 * (${inTitle}) + (lower(c.title) like lower(?))::int desc, c.students_count desc, c.id desc`,
    values: [...terms.map(({ text }) => `%${escapeLike(text)}%`), `${escapeLike(terms[0]?.text ?? '')}%`],
    columns: 'c.id, c.title, c.students_count',
    reversed: null,
  }
}

/** Of the column's own type, or no index would know it. */
function bound(field: string, round: 'ceil' | 'floor'): string {
  return field === 'duration_hours' ? `${round}(?::numeric)::int` : '?::numeric'
}

const taughtBy = `c.id in (select course_id from course_user_role where role = 'teacher' and user_id in`

function managed(person: Person, statuses: readonly string[]): Piece[] {
  const wanted = { text: `c.status in (${marks(statuses)})`, values: statuses }
  if (isAdmin(person)) return [wanted]
  const roles: readonly CourseRole[] = heldRoles(person)
  return [
    wanted,
    {
      text: `c.id in (select course_id from course_user_role where user_id = ? and role in (${marks(roles)}))`,
      values: [person.id, ...roles],
    },
  ]
}

function idOrSlug(value: string, slug: string, id = 'id'): Piece {
  const isId = /^\d{1,9}$/.test(value)
  return isId ? { text: `${id} = ?`, values: [Number(value)] } : { text: `${slug} = ?`, values: [value.toLowerCase()] }
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ')
}
