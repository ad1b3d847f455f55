import { z } from 'zod'
import type { WrittenMail } from './outbox.ts'

export const outboxQuery = z.object({ page: z.string().optional(), page_size: z.string().optional() })

/** A mail that was written down because there is no mail server. */
export const outboxMailJson = z.object({
  id: z.string(),
  to: z.string(),
  subject: z.string(),
  text: z.string(),
  created_at: z.iso.datetime(),
})
export type OutboxMailJson = z.infer<typeof outboxMailJson>

export function presentOutboxMail({ id, to, subject, text, createdAt }: WrittenMail): OutboxMailJson {
  return { id, to, subject, text, created_at: createdAt.toISOString() }
}
