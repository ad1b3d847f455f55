import type { Config } from '../../config/config.ts'
import type { EntityManager } from '../db/orm.ts'
import { executePrepared, type PreparedStatement } from '../db/prepared.ts'
import { publicUrl } from '../http/public-files.ts'
import type { CourseCardJson, PriceRangesJson, SuggestionJson } from './catalog-contract.ts'
import { found } from './catalog-filter.ts'
import { allOf, withIndexes } from './catalog-ids.ts'
import { escapeLike, parseSearch } from './search-terms.ts'

/**
 * Flat as far as it can be, and the rest grouped once rather than looked up for each course: half the work of subqueries. One plan
 * does for any twenty or a hundred ids.
 */
const cards: PreparedStatement = {
  name: 'course_cards',
  text: `select c.id, c.slug, c.title, c.short_description, c.type, c.difficulty, c.language, c.price::text as price, c.currency,
            g.id as category_id, g.name as category_name, g.slug as category_slug, coalesce(tags.tags, '[]') as tags,
            teacher.user_id as teacher_id, teacher.display_name, teacher.custom_url, teacher.avatar,
            c.thumbnail, c.average_rating::text as average_rating, c.reviews_count, c.students_count, c.total_lessons,
            c.duration_hours, c.duration_minutes, c.status, c.published_at, c.created_at
       from course c
       left join category g on g.id = c.category_id
       left join (select ct.course_id, json_agg(json_build_object('id', t.id, 'name', t.name, 'slug', t.slug) order by t.name) as tags
                    from course_tags ct join tag t on t.id = ct.tag_id
                   where ct.course_id = any ($1::int[]) group by ct.course_id) tags on tags.course_id = c.id
       left join (select distinct on (r.course_id) r.course_id, p.user_id, p.display_name, p.custom_url, p.avatar
                    from course_user_role r join profile p on p.user_id = r.user_id
                   where r.course_id = any ($1::int[]) and r.role = 'teacher'
                   order by r.course_id, r.is_primary desc, r.id) teacher on teacher.course_id = c.id
      where c.id = any ($1::int[])`,
}

/**
 * The cards of these courses, in this order: category, primary teacher and tags in the same statement. Not for use in a transaction
 * (see `executePrepared`).
 */
export async function cardsOf(
  em: EntityManager,
  ids: readonly number[],
  { store }: Pick<Config, 'store'>,
): Promise<CourseCardJson[]> {
  if (ids.length === 0) return []
  const rows = await executePrepared<CardRow>(em, cards, [ids])
  const picture = (key: string | null) => (key ? publicUrl(store, key) : null)
  const byId = new Map(rows.map((row) => [row.id, row]))
  return ids.flatMap((id) => {
    const row = byId.get(id)
    if (!row) return []
    return [
      {
        id,
        slug: row.slug,
        title: row.title,
        short_description: row.short_description,
        type: row.type,
        difficulty: row.difficulty,
        language: row.language,
        price: row.price,
        currency: row.currency,
        category:
          row.category_id === null ? null : { id: row.category_id, name: row.category_name, slug: row.category_slug },
        tags: row.tags,
        teacher:
          row.teacher_id === null
            ? null
            : {
                id: row.teacher_id,
                display_name: row.display_name,
                custom_url: row.custom_url,
                avatar: picture(row.avatar),
              },
        thumbnail_url: picture(row.thumbnail),
        average_rating: row.average_rating,
        reviews_count: row.reviews_count,
        students_count: row.students_count,
        total_lessons: row.total_lessons,
        duration_hours: row.duration_hours,
        duration_minutes: row.duration_minutes,
        status: row.status,
        published_at: row.published_at && new Date(row.published_at).toISOString(),
        created_at: new Date(row.created_at).toISOString(),
      },
    ]
  })
}

type CardRow = Omit<CourseCardJson, 'category' | 'teacher' | 'thumbnail_url' | 'published_at' | 'created_at'> & {
  thumbnail: string | null
  published_at: Date | string | null
  created_at: Date | string
  avatar: string | null
  custom_url: string | null
} & Categorised &
  Taught

/** All of it, or none. */
type Categorised =
  | { category_id: number; category_name: string; category_slug: string }
  | { category_id: null; category_name: null; category_slug: null }
type Taught = { teacher_id: number; display_name: string } | { teacher_id: null; display_name: null }

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
  const run = (tx: EntityManager) =>
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
    )
  return isShort ? run(em) : withIndexes(em, run)
}
