import type { Context } from '../context.ts'
import { type LinkPurpose, mailLink } from './mailed-link.ts'
import { User } from './user.ts'

/** Mails the link when the address has an account that can use it. */
export async function mailLinkTo(
  { orm, queue, config }: Pick<Context, 'orm' | 'queue' | 'config'>,
  { purpose, email }: { purpose: LinkPurpose; email: string },
): Promise<void> {
  await orm.em.fork().transactional(async (tx) => {
    const user = await tx.findOne(User, { email })
    if (!user?.maySignIn() || (purpose === 'verify_email' && user.isVerified)) return
    await mailLink(tx, user, purpose, { queue, linkSecret: config.secrets.token })
  })
}
