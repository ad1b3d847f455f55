import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { isTaken, withFreeSlug } from './slug-of-course.ts'
import { Tag } from './tag.ts'

/** @throws {DomainError} `tag_taken`, whatever the case of its letters */
export async function addTag(em: EntityManager, name: string): Promise<Tag> {
  return refuseTaken(
    withFreeSlug(name, 'tag', 'tag_slug_unique', async (slug) => {
      const fork = em.fork()
      const tag = fork.create(Tag, { name, slug })
      await fork.flush()
      return tag
    }),
  )
}

/** @throws {DomainError} `tag_not_found`, `tag_taken` */
export async function renameTag(em: EntityManager, id: number, name: string): Promise<Tag> {
  const tag = await em.findOne(Tag, { id })
  if (!tag) throw new DomainError('tag_not_found')
  tag.name = name
  await refuseTaken(em.flush())
  return tag
}

async function refuseTaken<T>(saved: Promise<T>): Promise<T> {
  try {
    return await saved
  } catch (error) {
    if (isTaken(error, 'tag_name_unique_ci')) throw new DomainError('tag_taken')
    throw error
  }
}
