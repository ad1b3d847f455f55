import { isReserved } from '../channels/slug.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError, fieldErrors } from '../errors.ts'
import { Category } from './category.ts'
import type { CategoryBody } from './contract.ts'
import { isTaken, withFreeSlug } from './slug-of-course.ts'

const DEEPEST = 3
/** Any number: whoever changes the tree takes turns, or two moves at once could close a circle. */
const LOCK = 0x636174

/** @throws {DomainError} `slug_taken`, `slug_reserved`; `invalid_input` of a parent that is not there or too deep */
export async function addCategory(em: EntityManager, body: CategoryBody): Promise<Category> {
  const make = (slug: string) =>
    em.fork().transactional(async (tx) => {
      await takeTurns(tx)
      const parent = await findParent(tx, null, body.parent)
      const category = tx.create(Category, { name: body.name, slug, description: body.description, parent })
      await tx.flush()
      return category
    })
  if (body.slug === undefined) return withFreeSlug(body.name, 'category', 'category_slug_unique', make)
  requireFree(body.slug)
  return refuseTaken(make(body.slug))
}

/** @throws {DomainError} `category_not_found`; those of `addCategory`; `invalid_input` of a parent below it */
export async function editCategory(em: EntityManager, id: number, body: CategoryBody): Promise<Category> {
  const edited = em.transactional(async (tx) => {
    await takeTurns(tx)
    const category = await tx.findOne(Category, { id }, { refresh: true })
    if (!category) throw new DomainError('category_not_found')
    if (body.slug !== undefined && body.slug !== category.slug) requireFree(body.slug)
    category.parent = await findParent(tx, category, body.parent)
    category.name = body.name
    category.description = body.description
    category.slug = body.slug ?? category.slug
    await tx.flush()
    return category
  })
  return refuseTaken(edited)
}

/**
 * Deletes it with what is below it, unless a course is in any of them.
 *
 * @throws {DomainError} `category_not_found`, `category_in_use`
 */
export async function deleteCategory(em: EntityManager, id: number): Promise<void> {
  await em.transactional(async (tx) => {
    await takeTurns(tx)
    const category = await tx.findOne(Category, { id }, { refresh: true })
    if (!category) throw new DomainError('category_not_found')
    // Locked, so that no course comes in meanwhile: its foreign key waits for us.
    await tx.execute(
      `${subtree} select c.id from category c where c.id in (select id from below) order by c.id for update of c`,
      [id],
    )
    const [used] = await tx.execute(
      `${subtree} select id from course where category_id in (select id from below) limit 1`,
      [id],
    )
    if (used) throw new DomainError('category_in_use')
    await tx.nativeDelete(Category, { id })
  })
}

const subtree = `with recursive below (id, depth) as (
  select id, 1 from category where id = ? union all
  select c.id, b.depth + 1 from category c join below b on c.parent_id = b.id where b.depth < 10)`

async function takeTurns(tx: EntityManager): Promise<void> {
  await tx.execute('select pg_advisory_xact_lock(?)', [LOCK])
}

/** @param child what is to be below it, with all that is below that; null of a new one */
async function findParent(
  tx: EntityManager,
  child: Category | null,
  parentId: number | null,
): Promise<Category | null> {
  if (parentId === null) return null
  const parent = await tx.findOne(Category, { id: parentId })
  if (!parent) throw fieldErrors({ parent: 'unknown_choice' })
  let depth = 0
  for (let above: Category | null | undefined = parent; above; above = await load(tx, above.parent?.id)) {
    if (above.id === child?.id) throw fieldErrors({ parent: 'category_cycle' })
    depth += 1
  }
  if (depth + (await heightOf(tx, child)) > DEEPEST) throw fieldErrors({ parent: 'category_too_deep' })
  return parent
}

function load(tx: EntityManager, id: number | undefined): Promise<Category | null> {
  return id === undefined ? Promise.resolve(null) : tx.findOne(Category, { id })
}

async function heightOf(tx: EntityManager, category: Category | null): Promise<number> {
  if (!category) return 1
  const [row] = await tx.execute<{ height: number }[]>(`${subtree} select max(depth)::int as height from below`, [
    category.id,
  ])
  return row?.height ?? 1
}

function requireFree(slug: string): void {
  if (isReserved(slug)) throw new DomainError('slug_reserved')
}

async function refuseTaken<T>(saved: Promise<T>): Promise<T> {
  try {
    return await saved
  } catch (error) {
    if (isTaken(error, 'category_slug_unique')) throw new DomainError('slug_taken')
    throw error
  }
}
