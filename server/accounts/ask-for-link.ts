import { DomainError } from '../errors.ts'
import type { RateLimits } from '../http/rate-limit.ts'
import type { Queue } from '../jobs/queue.ts'
import type { LinkPurpose } from './mailed-link.ts'
import { hashSecret } from './viewer.ts'

/**
 * Somebody wants a link in a mailbox. Whether there is such an account is looked up by a worker: here the same is done for
 * every address, so neither the answer nor its time tells. Too many for one mailbox are dropped as silently.
 */
export async function askForLink(
  purpose: LinkPurpose,
  email: string,
  { limits, queue }: { limits: RateLimits; queue: Queue },
): Promise<void> {
  const key = hashSecret(email)
  try {
    if (purpose === 'verify_email') await limits.take('resend_soon', key)
    await limits.take(purpose === 'verify_email' ? 'resend_account' : 'reset_account', key)
  } catch (error) {
    if (error instanceof DomainError && error.code === 'too_many_requests') return
    throw error
  }
  await queue.add('mail-link', { purpose, email })
}
