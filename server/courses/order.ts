import type { EntityManager } from '../db/orm.ts'
import { fieldErrors } from '../errors.ts'

/**
 * Modules of a course and lessons of a module stand in an order from 1 without gaps. All of this is done with the course's
 * row locked; the unique constraint is looked at when a statement ends, so one UPDATE may move rows past each other.
 */
const parents = { module: 'course_id', lesson: 'module_id' } as const
type Ordered = keyof typeof parents

/**
 * Makes room for one more: at the end, or where it is wanted, and what stands there and after it moves on.
 *
 * @returns where it goes
 */
export async function makeRoom(
  tx: EntityManager,
  table: Ordered,
  parent: number,
  wanted: number | undefined,
): Promise<number> {
  const [row] = await tx.execute<{ end: number }[]>(
    `select coalesce(max("order"), 0) + 1 as end from ${table} where ${parents[table]} = ?`,
    [parent],
  )
  const end = row?.end ?? 1
  const order = Math.min(wanted ?? end, end)
  await tx.execute(`update ${table} set "order" = "order" + 1 where ${parents[table]} = ? and "order" >= ?`, [
    parent,
    order,
  ])
  return order
}

/** Numbers what is left of a parent anew, in the order it has. */
export async function closeGaps(tx: EntityManager, table: Ordered, parent: number): Promise<void> {
  await tx.execute(
    `update ${table} t set "order" = n.place
       from (select id, row_number() over (order by "order", id)::int as place from ${table} where ${parents[table]} = ?) as n
      where t.id = n.id and t."order" <> n.place`,
    [parent],
  )
}

/** Puts one elsewhere among its own: what is between moves up or down. */
export async function moveTo(
  tx: EntityManager,
  table: Ordered,
  parent: number,
  { id, order: wanted }: { id: number; order: number },
): Promise<void> {
  const ids = await idsInOrder(tx, table, parent)
  const others = ids.filter((other) => other !== id)
  await applyOrder(tx, table, parent, others.toSpliced(wanted - 1, 0, id))
}

/** Gives each the place that it has in the list, and the parent; in one statement. */
export async function applyOrder(
  tx: EntityManager,
  table: Ordered,
  parent: number,
  ids: readonly number[],
): Promise<void> {
  await tx.execute(
    `update ${table} t set "order" = n.place::int, ${parents[table]} = ?, updated_at = now()
       from jsonb_array_elements_text(?::jsonb) with ordinality as n (id, place)
      where t.id = n.id::int and (t."order", t.${parents[table]}) is distinct from (n.place::int, ?::int)`,
    [parent, JSON.stringify(ids), parent],
  )
}

export async function idsInOrder(tx: EntityManager, table: Ordered, parent: number): Promise<number[]> {
  const rows = await tx.execute<{ id: number }[]>(
    `select id from ${table} where ${parents[table]} = ? order by "order", id`,
    [parent],
  )
  return rows.map(({ id }) => id)
}

/** @throws {DomainError} `invalid_input` of `order` when the list names one twice, or leaves one out that must be there */
export function requireEach(ids: readonly number[], needed: readonly number[]): void {
  const given = new Set(ids)
  if (given.size !== ids.length || needed.some((id) => !given.has(id))) throw fieldErrors({ order: 'order_mismatch' })
}
