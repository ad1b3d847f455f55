import { z } from 'zod'
import type { Tag } from './tag.ts'

export const tagsQuery = z.object({ search: z.string().trim().max(50).default('') })
export const tagJson = z.object({ id: z.number().int(), name: z.string(), slug: z.string() })
export type TagJson = z.infer<typeof tagJson>

export function presentTag(tag: Tag): TagJson {
  return { id: tag.id, name: tag.name, slug: tag.slug }
}
