import { randomBytes } from 'node:crypto'
import { UniqueConstraintViolationException } from '@mikro-orm/core'
import { isReserved, slugify } from '../channels/slug.ts'

const ATTEMPTS = 8

/**
 * Makes something under an address of its title: as it is, then with a number, then with letters of chance, until nobody
 * else has it. Digits alone would be taken for an id, and some words are pages.
 *
 * @param make in a transaction of its own; a taken address fails it as a whole
 * @param constraint the name of the unique constraint that says so
 */
export async function withFreeSlug<T>(
  title: string,
  fallback: string,
  constraint: string,
  make: (slug: string) => Promise<T>,
): Promise<T> {
  const plain = slugify(title) ?? fallback
  const base = /[a-z]/.test(plain) && !isReserved(plain) ? plain : `${fallback}-${plain}`
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await make(attempt === 1 ? base : `${base}-${attempt <= 3 ? attempt : randomBytes(4).toString('hex')}`)
    } catch (error) {
      if (attempt >= ATTEMPTS || !isTaken(error, constraint)) throw error
    }
  }
}

export function isTaken(error: unknown, constraint: string): boolean {
  return error instanceof UniqueConstraintViolationException && error.message.includes(constraint)
}
