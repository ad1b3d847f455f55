import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { AuthToken } from './auth-token.ts'
import { lockUser } from './lock-user.ts'
import type { Passwords } from './password.ts'
import { User } from './user.ts'
import { hashSecret, newFamily, newSecret } from './viewer.ts'

const DAY_MS = 24 * 3600 * 1000
export const SESSION_MS = 30 * DAY_MS

/** Where somebody signs in from, for the list of their sessions. */
export interface Device {
  userAgent: string
  address: string
}

/**
 * One refusal for a wrong address, a wrong password and a closed account, after the same work.
 *
 * @throws {DomainError} `bad_credentials`, `busy`
 */
export async function checkPassword(
  em: EntityManager,
  passwords: Passwords,
  email: string,
  password: string,
): Promise<User> {
  const user = await em.findOne(User, { email })
  const isRight = await passwords.isRight(user?.passwordHash ?? null, password)
  if (!user || !isRight || !user.maySignIn()) throw new DomainError('bad_credentials')
  return user
}

/**
 * Signs a browser in. The secret goes into its cookie and is kept nowhere.
 *
 * @throws {DomainError} `bad_credentials` when the password was replaced since `user` was read
 */
export async function openSession(
  em: EntityManager,
  user: User,
  device: Device,
  now = new Date(),
): Promise<{ secret: string; token: AuthToken }> {
  return issue(em, user, 'session', device, new Date(now.getTime() + SESSION_MS), now)
}

/** Signs an API client in: the first refresh token of a family. */
export async function openFamily(
  em: EntityManager,
  user: User,
  device: Device,
  now = new Date(),
): Promise<{ secret: string; token: AuthToken }> {
  return issue(em, user, 'refresh', device, new Date(now.getTime() + SESSION_MS), now)
}

async function issue(
  em: EntityManager,
  user: User,
  purpose: 'session' | 'refresh',
  device: Device,
  expiresAt: Date,
  now: Date,
): Promise<{ secret: string; token: AuthToken }> {
  const secret = newSecret()
  // The lock below reads the row anew, into this very object.
  const { passwordHash } = user
  return em.transactional(async (tx) => {
    const current = await lockUser(tx, user.id)
    // A password that was replaced while it was looked at opens nothing.
    if (!current?.maySignIn() || current.passwordHash !== passwordHash) throw new DomainError('bad_credentials')
    const token = tx.create(AuthToken, {
      user: current,
      purpose,
      hash: hashSecret(secret),
      family: newFamily(),
      expiresAt,
      userAgent: [...device.userAgent].slice(0, 200).join(''),
      address: device.address,
      signedInAt: now,
    })
    current.lastLoginAt = now
    await tx.flush()
    return { secret, token }
  })
}
