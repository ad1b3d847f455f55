import { UniqueConstraintViolationException } from '@mikro-orm/core'
import { openChannel } from '../channels/open-channel.ts'
import type { StreamKeys } from '../channels/stream-key.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Language } from '../mail/queue-mail.ts'
import type { Passwords } from './password.ts'
import { Profile } from './profile.ts'
import type { Role } from './roles.ts'
import { mayHaveChannelUnasked } from './roles.ts'
import { User } from './user.ts'

export interface NewAccount {
  email: string
  password: string
  firstName: string
  lastName: string
  phone: string | null
  role: Role
  /** Of the mails to them. */
  language?: Language
}

export interface SignUpPorts {
  passwords: Passwords
  streamKeys: StreamKeys
}

/**
 * Makes the account, its profile and, of somebody who teaches, the channel, in one transaction. An address that is taken
 * changes nothing and takes as long, so a visitor learns nothing of who is here.
 *
 * @param also what else happens in the transaction, when there is a new account
 * @returns null when the address is taken
 */
export async function signUp(
  em: EntityManager,
  account: NewAccount,
  { passwords, streamKeys }: SignUpPorts,
  also: (tx: EntityManager, user: User) => Promise<void> = async () => {},
): Promise<User | null> {
  const passwordHash = await passwords.hash(account.password)
  try {
    return await em.transactional(async (tx) => {
      const { email, firstName, lastName, phone, role, language } = account
      const user = tx.create(User, {
        email,
        passwordHash,
        firstName,
        lastName,
        phone,
        role,
        ...(language && { language }),
      })
      tx.create(Profile, { user, displayName: displayNameOf(firstName, lastName, role) })
      await tx.flush()
      if (mayHaveChannelUnasked(role)) await openChannel(tx, user, streamKeys)
      await also(tx, user)
      return user
    })
  } catch (error) {
    if (error instanceof UniqueConstraintViolationException && /users_email_unique/.test(error.message)) return null
    throw error
  }
}

/** Teachers appear by name; of a student only the first name and a letter are public. */
export function displayNameOf(firstName: string, lastName: string, role: Role): string {
  const name = role === 'student' ? `${firstName} ${[...lastName][0]}.` : `${firstName} ${lastName}`
  return [...name].slice(0, 50).join('').trim()
}
