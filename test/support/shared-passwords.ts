import { Passwords } from '../../server/accounts/password.ts'

/** Everybody's in the tests. */
export const PASSWORD = 'correct horse battery'

let shared: Promise<string> | null = null

/**
 * The password that everybody has in the tests is hashed once a worker: made for each person, and checked at each sign-in,
 * that would take longer than most tests do. Any other one is hashed and checked as ever.
 */
export class SharedPasswords extends Passwords {
  override async hash(password: string): Promise<string> {
    if (password !== PASSWORD) return super.hash(password)
    shared ??= super.hash(PASSWORD)
    return shared
  }

  override async isRight(stored: string | null, password: string): Promise<boolean> {
    const isShared = password === PASSWORD && stored !== null && stored === (await shared)
    return isShared || super.isRight(stored, password)
  }
}
