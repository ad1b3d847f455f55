import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { User } from './user.ts'

/**
 * The account as it is now, for this transaction alone to change. Taken before any of its tokens is, so that two
 * transactions never wait for each other. Rows that only refer to the account are made meanwhile.
 */
export async function lockUser(tx: EntityManager, id: number): Promise<User | null> {
  await tx.execute('select from users where id = ? for no key update', [id])
  return tx.findOne(User, { id }, { refresh: true })
}

/**
 * The account as it is now, which nobody changes until this transaction ends; others may do the same. So a sign-in is
 * either there for whoever ends them all, or comes after and sees why.
 */
export async function holdUser(tx: EntityManager, id: number): Promise<User | null> {
  await tx.execute('select from users where id = ? for share', [id])
  return tx.findOne(User, { id }, { refresh: true })
}

/**
 * `holdUser` for who is about to leave something of theirs here: it comes before their account is deleted, and goes with it,
 * or not at all.
 *
 * @throws {DomainError} `not_signed_in`
 */
export async function holdOwnAccount(tx: EntityManager, id: number): Promise<User> {
  return requireOpen(await holdUser(tx, id))
}

/**
 * The same by `lockUser`, for who changes the account itself.
 *
 * @throws {DomainError} `not_signed_in`
 */
export async function lockOwnAccount(tx: EntityManager, id: number): Promise<User> {
  return requireOpen(await lockUser(tx, id))
}

function requireOpen(user: User | null): User {
  if (!user?.maySignIn()) throw new DomainError('not_signed_in')
  return user
}
