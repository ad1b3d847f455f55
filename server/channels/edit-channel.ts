import { UniqueConstraintViolationException } from '@mikro-orm/core'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Channel } from './channel.ts'
import { isReserved } from './slug.ts'

/** @throws {DomainError} `slug_reserved`, `slug_taken` */
export async function editChannel(
  em: EntityManager,
  channel: Channel,
  changes: { title?: string; description?: string; slug?: string },
): Promise<void> {
  if (changes.slug !== undefined && changes.slug !== channel.slug && isReserved(changes.slug)) {
    throw new DomainError('slug_reserved')
  }
  if (changes.title !== undefined) channel.title = changes.title
  if (changes.description !== undefined) channel.description = changes.description
  if (changes.slug !== undefined) channel.slug = changes.slug
  try {
    await em.flush()
  } catch (error) {
    // The unique index decides, not a look beforehand.
    if (error instanceof UniqueConstraintViolationException) throw new DomainError('slug_taken', {}, { cause: error })
    throw error
  }
}
