import type { Config } from '../../config/config.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { PageRequest } from '../http/page.ts'
import { publicUrl } from '../http/public-files.ts'
import type { CourseCardJson, PriceRangesJson, SuggestionJson } from './catalog-contract.ts'
import { found, type Order, type Piece } from './catalog-filter.ts'
import { escapeLike, parseSearch } from './search-terms.ts'

/** Which courses in which order. */
export interface Selection {
  where: readonly Piece[]
  order: Order
}

export interface Found {
  count: number
  /** The one that was meant: `last` is a number by now. */
  page: number
  cards: CourseCardJson[]
}

/** Not more than this are expected; an order of magnitude is enough. */
const COURSES = 100_000
/** Courses that may be walked past along an order's index until a page is full: as dear as to find all that match and sort them. */
const WALKED_ROWS = 10_000
/** The same, where each has to fetch what lies out of line. */
const FETCHED_ROWS = 200

/**
 * One page of the catalogue: the ids, from indexes alone as far as they go, then their cards.
 *
 * @param knownCount of a look at another page of the same courses; undefined when they are to be counted
 * @throws {DomainError} `invalid_page` past the end
 */
export async function findCards(
  em: EntityManager,
  selection: Selection,
  request: PageRequest,
  config: Pick<Config, 'store'>,
  knownCount?: number,
): Promise<Found> {
  return withIndexes(em, selection.where, async (tx) => {
    const { count, page, ids } = await look(tx, selection, request, knownCount)
    return { count, page, cards: await cardsOf(tx, ids, config) }
  })
}

/** The ids of a page; counted in the same look at the courses unless their number is known. */
async function look(
  em: EntityManager,
  selection: Selection,
  { page: asked, pageSize }: PageRequest,
  knownCount: number | undefined,
): Promise<{ count: number; page: number; ids: number[] }> {
  const { text, values } = allOf(selection.where)
  const { order } = selection
  if (knownCount === undefined && asked !== 'last') {
    const [row] = await em.execute<{ count: string; ids: number[] }[]>(
      `with matching as materialized (select ${order.columns} from course c where ${text})
       select (select count(*) from matching) as count,
              array(select c.id from matching c order by ${order.text} limit ? offset ?) as ids`,
      [...values, ...order.values, pageSize, (asked - 1) * pageSize],
    )
    const { count, ids } = { count: Number(row?.count ?? 0), ids: row?.ids ?? [] }
    if (asked > 1 && ids.length === 0) throw new DomainError('invalid_page')
    return { count, page: asked, ids }
  }
  const count = knownCount ?? (await countCourses(em, selection.where))
  const last = Math.max(1, Math.ceil(count / pageSize))
  const page = asked === 'last' ? last : asked
  if (page > last) throw new DomainError('invalid_page')
  return { count, page, ids: await pageOfIds(em, selection, count, pageSize, (page - 1) * pageSize) }
}

/** The planner would look at every row rather than into an index when half of them match, and fetch what lies out of line for each. */
function withIndexes<Result>(
  em: EntityManager,
  where: readonly Piece[],
  run: (em: EntityManager) => Promise<Result>,
): Promise<Result> {
  if (!where.some(({ isOutOfLine }) => isOutOfLine)) return run(em)
  return em.transactional(
    async (tx) => {
      await tx.execute('set local enable_seqscan = off')
      return run(tx)
    },
    { readOnly: true },
  )
}

async function countCourses(em: EntityManager, where: readonly Piece[]): Promise<number> {
  const { text, values } = allOf(where)
  const [row] = await em.execute<{ count: string }[]>(`select count(*) as count from course c where ${text}`, values)
  return Number(row?.count ?? 0)
}

/** The cards of these courses, in this order: category, primary teacher and tags in the same statement. */
export async function cardsOf(
  em: EntityManager,
  ids: readonly number[],
  { store }: Pick<Config, 'store'>,
): Promise<CourseCardJson[]> {
  if (ids.length === 0) return []
  const rows = await em.execute<CardRow[]>(
    `select c.id, c.slug, c.title, c.short_description, c.type, c.difficulty, c.language, c.price::text as price, c.currency,
            case when g.id is null then null else json_build_object('id', g.id, 'name', g.name, 'slug', g.slug) end as category,
            coalesce((select json_agg(json_build_object('id', t.id, 'name', t.name, 'slug', t.slug) order by t.name)
                        from course_tags ct join tag t on t.id = ct.tag_id where ct.course_id = c.id), '[]') as tags,
            (select json_build_object('id', r.user_id, 'display_name', p.display_name, 'custom_url', p.custom_url, 'avatar', p.avatar)
               from course_user_role r join profile p on p.user_id = r.user_id
              where r.course_id = c.id and r.role = 'teacher' order by r.is_primary desc, r.id limit 1) as teacher,
            c.thumbnail, c.average_rating::text as average_rating, c.reviews_count, c.students_count, c.total_lessons,
            c.duration_hours, c.duration_minutes, c.status, c.published_at, c.created_at
       from course c left join category g on g.id = c.category_id
      where c.id in (${ids.map(() => '?').join(', ')})`,
    [...ids],
  )
  const picture = (key: string | null) => (key ? publicUrl(store, key) : null)
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => {
    const row = byId.get(id)
    if (!row) return []
    const { thumbnail, published_at, created_at, teacher, ...card } = row
    return [
      {
        ...card,
        teacher: teacher && { ...teacher, avatar: picture(teacher.avatar) },
        thumbnail_url: picture(thumbnail),
        published_at: published_at && new Date(published_at).toISOString(),
        created_at: new Date(created_at).toISOString(),
      },
    ]
  })
}

type CardRow = Omit<CourseCardJson, 'thumbnail_url' | 'published_at' | 'created_at'> & {
  thumbnail: string | null
  published_at: Date | string | null
  created_at: Date | string
}

/** Their own enrollments in these courses, by course, in one query. */
export async function enrollmentsIn(
  em: EntityManager,
  userId: number,
  courses: readonly number[],
): Promise<Map<number, NonNullable<CourseCardJson['enrollment']>>> {
  if (courses.length === 0) return new Map()
  const rows = await em.execute<({ course_id: number } & NonNullable<CourseCardJson['enrollment']>)[]>(
    `select course_id, status, progress_percent from enrollment
      where user_id = ? and course_id in (${courses.map(() => '?').join(', ')})`,
    [userId, ...courses],
  )
  return new Map(rows.map(({ course_id, ...enrollment }) => [course_id, enrollment]))
}

/** The best that many learn. */
export async function findFeatured(em: EntityManager, config: Pick<Config, 'store'>): Promise<CourseCardJson[]> {
  const rows = await em.execute<{ id: number }[]>(
    `select c.id from course c where c.status = 'published' and c.average_rating >= 4
      order by c.students_count desc, c.id desc limit 10`,
  )
  return cardsOf(
    em,
    rows.map(({ id }) => id),
    config,
  )
}

const steps = [
  { min: '0.00', max: '1000.00', label: 'До 1 000' },
  { min: '1000.00', max: '5000.00', label: 'От 1 000 до 5 000' },
  { min: '5000.00', max: '10000.00', label: 'От 5 000 до 10 000' },
  { min: '10000.00', max: null, label: 'От 10 000' },
] as const

/** Prices of one currency, since those of two cannot be compared. */
export async function findPriceRanges(em: EntityManager, currency: string): Promise<PriceRangesJson> {
  const [row] = await em.execute<{ min: string | null; max: string | null; counts: string[] }[]>(
    `select min(price)::text as min, max(price)::text as max,
            array[${steps.map(({ min, max }) => `count(*) filter (where price >= ${min}${max ? ` and price < ${max}` : ''})`).join(', ')}]::text[] as counts
       from course where status = 'published' and currency = ?`,
    [currency],
  )
  return {
    currency,
    min_price: row?.min ?? null,
    max_price: row?.max ?? null,
    ranges: steps.map((step, at) => ({ ...step, count: Number(row?.counts[at] ?? 0) })),
  }
}

/** Titles and teachers that begin with it, or have it in them, the most learned first. */
export async function suggest(em: EntityManager, search: string): Promise<SuggestionJson[]> {
  const isShort = [...search].length < 3
  if (!search) return []
  const begins = `${escapeLike(search)}%`
  const words = parseSearch(search).filter(({ kind }) => kind === 'word')
  const where = isShort ? [] : words.length > 0 ? words.map(found) : [found({ text: search, kind: 'phrase' })]
  return withIndexes(em, where, (tx) =>
    tx.execute<SuggestionJson[]>(
      `(select 'course' as kind, c.title as text, c.slug from course c
         where ${allOf([{ text: `c.status = 'published'`, values: [] }, ...where]).text} and lower(c.title) like lower(?)
         order by lower(c.title) like lower(?) desc, c.students_count desc, c.id desc limit 5)
       union all
       (select 'teacher', p.display_name, p.custom_url from profile p join users u on u.id = p.user_id
         where p.custom_url is not null and p.courses_count > 0 and u.is_active and u.deleted_at is null
           and lower(p.display_name) like lower(?)
         order by p.courses_count desc, p.id limit 3)`,
      [...allOf(where).values, isShort ? begins : `%${begins}`, begins, isShort ? begins : `%${begins}`],
    ),
  )
}

/**
 * Along the order's index as long as that fills the page soon, from whichever end is nearer; else all that match are found first,
 * which is never longer than one look at every course. Left alone, the planner takes the index also for what is nowhere near its
 * beginning.
 */
async function pageOfIds(
  em: EntityManager,
  { where, order }: Selection,
  count: number,
  limit: number,
  offset: number,
): Promise<number[]> {
  const { text, values } = allOf(where)
  const ids = async (sql: string, ...page: number[]) =>
    (await em.execute<{ id: number }[]>(sql, [...values, ...order.values, ...page])).map(({ id }) => id)
  const behind = Math.max(0, count - offset - limit)
  const walked = (Math.min(offset, behind) + limit) * (COURSES / Math.max(1, count))
  const most = where.some(({ isOutOfLine }) => isOutOfLine) ? FETCHED_ROWS : WALKED_ROWS
  if (order.reversed === null || (walked > most && where.length > 1)) {
    return ids(
      `with matching as materialized (select ${order.columns} from course c where ${text})
       select c.id from matching c order by ${order.text} limit ? offset ?`,
      limit,
      offset,
    )
  }
  const along = `select c.id from course c where ${text} order by`
  if (offset <= behind) return ids(`${along} ${order.text} limit ? offset ?`, limit, offset)
  return (await ids(`${along} ${order.reversed} limit ? offset ?`, Math.min(limit, count - offset), behind)).reverse()
}

function allOf(where: readonly Piece[]): { text: string; values: unknown[] } {
  return { text: where.map(({ text }) => text).join(' and '), values: where.flatMap(({ values }) => [...values]) }
}
