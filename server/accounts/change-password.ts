import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { lockUser } from './lock-user.ts'
import type { Passwords } from './password.ts'
import { type NewPasswordPorts, setPassword } from './reset-password.ts'
import { User } from './user.ts'

/**
 * Ends every sign-in, the one that asks among them; the caller opens a new one.
 *
 * @throws {DomainError} `invalid_input` naming `current_password`, `not_signed_in`, `busy`
 */
export async function changePassword(
  em: EntityManager,
  userId: number,
  { current, next }: { current: string; next: string },
  ports: NewPasswordPorts,
): Promise<User> {
  await requireOwnPassword(em, userId, current, 'current_password', ports.passwords)
  const passwordHash = await ports.passwords.hash(next)
  const { user, tell } = await em.transactional(async (tx) => {
    const user = await lockUser(tx, userId)
    // Closed or deleted while the hash was made.
    if (!user?.maySignIn()) throw new DomainError('not_signed_in')
    return { user, tell: await setPassword(tx, user, passwordHash, ports.queue) }
  })
  await tell(ports)
  return user
}

/**
 * Whoever found an open browser is not its owner.
 *
 * @throws {DomainError} `invalid_input` naming `field`, `busy`
 */
export async function requireOwnPassword(
  em: EntityManager,
  userId: number,
  password: string,
  field: string,
  passwords: Passwords,
): Promise<void> {
  const { passwordHash } = await em.findOneOrFail(User, { id: userId })
  if (await passwords.isRight(passwordHash, password)) return
  throw new DomainError('invalid_input', {
    issues: [{ code: 'custom', path: [field], params: { code: 'wrong_password' } }],
  })
}
