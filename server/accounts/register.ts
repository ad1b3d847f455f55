import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { RateLimits } from '../http/rate-limit.ts'
import { queueMail } from '../mail/queue-mail.ts'
import { type LinkPorts, mailLink } from './mailed-link.ts'
import { type NewAccount, type SignUpPorts, signUp } from './sign-up.ts'
import { User } from './user.ts'
import { hashSecret } from './viewer.ts'

/**
 * Signs somebody up over the web. Whoever asks learns nothing: what there is to say is in the mailbox. A new owner finds the
 * link that confirms the address, queued in the transaction that makes the account; an owner of before is told so.
 */
export async function register(
  em: EntityManager,
  account: NewAccount,
  { limits, ...ports }: SignUpPorts & LinkPorts & { limits: RateLimits },
): Promise<void> {
  const made = await signUp(em, account, ports, (tx, user) => mailLink(tx, user, 'verify_email', ports))
  if (made) return
  // Another's form must not fill a mailbox.
  const isAllowed = await limits.take('reset_account', `known:${hashSecret(account.email)}`).then(
    () => true,
    (error) => {
      if (error instanceof DomainError && error.code === 'too_many_requests') return false
      throw error
    },
  )
  await em.fork().transactional(async (tx) => {
    const owner = await tx.findOne(User, { email: account.email })
    if (!isAllowed || !owner?.maySignIn()) return
    await queueMail(ports.queue, tx, {
      to: owner.email,
      template: 'already-registered',
      language: owner.language,
      data: { name: owner.firstName },
    })
  })
}
