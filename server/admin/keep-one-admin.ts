import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'

/**
 * Before an admin is demoted, closed or deleted: somebody else must be left who can. Two who demote each other take turns
 * at the locked rows, and the second finds itself alone.
 *
 * @param em in a transaction, which holds the locks to its end
 * @throws {DomainError} `last_admin`
 */
export async function keepOneAdmin(em: EntityManager, userId: number): Promise<void> {
  const admins = await em.execute<{ id: number }[]>(
    `select id from users where role = 'admin' and is_active and deleted_at is null order by id for no key update`,
  )
  const isOne = admins.some(({ id }) => id === userId)
  if (isOne && admins.length === 1) throw new DomainError('last_admin')
}
