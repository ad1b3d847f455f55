import type { EntityManager } from './orm.ts'

/** A statement with `$1`, `$2`… for its values. */
export interface PreparedStatement {
  /** One name, one text: of two texts under one name PostgreSQL's client refuses the second. */
  name: string
  text: string
}

/**
 * Runs what is asked for so often that planning it each time would cost as much as running it: each connection plans it for
 * its first few values, then keeps one plan for all. Only for what that plan serves well whatever the values are.
 *
 * Takes a connection of the pool, never that of a transaction: called within one, it could wait for ever for a second one.
 */
export async function executePrepared<Row extends object>(
  em: EntityManager,
  statement: PreparedStatement,
  values: readonly unknown[],
): Promise<Row[]> {
  const pool = await em.getConnection().getNativeClient()
  const { rows } = await pool.query<Row>({ ...statement, values: [...values] })
  return rows
}
