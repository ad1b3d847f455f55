import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueMail } from '../mail/queue-mail.ts'
import { revokeLinks, useLink } from './mailed-link.ts'
import type { Passwords } from './password.ts'
import { revokeSignIns, type SignOutPorts } from './sign-out.ts'
import type { User } from './user.ts'

export interface NewPasswordPorts extends SignOutPorts {
  passwords: Passwords
  queue: Queue
}

/**
 * Sets the password of whoever has the token, and ends every sign-in: one of them may be the reason for asking. A mailbox
 * that can be read is also a confirmed one.
 *
 * @throws {DomainError} `token_used`, `link_invalid`, `busy`
 */
export async function resetPassword(
  em: EntityManager,
  token: string,
  password: string,
  ports: NewPasswordPorts,
): Promise<void> {
  // Not in the transaction: it may wait for its turn while rows are locked.
  const passwordHash = await ports.passwords.hash(password)
  const tell = await em.transactional(async (tx) => {
    const user = await useLink(tx, 'reset_password', token)
    user.isVerified = true
    return setPassword(tx, user, passwordHash, ports.queue)
  })
  await tell(ports)
}

/**
 * The new password, the end of every sign-in and of every link for another password, and the news of it to the owner.
 *
 * @returns what must be called after the commit
 */
export async function setPassword(
  tx: EntityManager,
  user: User,
  passwordHash: string,
  queue: Queue,
): Promise<(ports: SignOutPorts) => Promise<void>> {
  user.passwordHash = passwordHash
  await revokeLinks(tx, user, 'reset_password')
  const tell = await revokeSignIns(tx, user)
  await tx.flush()
  await queueMail(queue, tx, {
    to: user.email,
    template: 'password-changed',
    language: user.language,
    data: { name: user.firstName },
  })
  return tell
}
