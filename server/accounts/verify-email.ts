import type { EntityManager } from '../db/orm.ts'
import { useLink } from './mailed-link.ts'
import type { User } from './user.ts'
import type { Viewers } from './viewers.ts'

/**
 * The address is theirs who has the token.
 *
 * @throws {DomainError} `token_used`, `link_invalid`
 */
export async function verifyEmail(em: EntityManager, token: string, { viewers }: { viewers: Viewers }): Promise<User> {
  const user = await em.transactional(async (tx) => {
    const owner = await useLink(tx, 'verify_email', token)
    owner.isVerified = true
    return owner
  })
  await viewers.lookUpAgain(user.id)
  return user
}
