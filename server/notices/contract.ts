import { ECDH } from 'node:crypto'
import { z } from 'zod'
import { pageOf } from '../http/page.ts'
import { isEndpoint } from './endpoint.ts'
import { noticeKinds } from './kinds.ts'
import type { Notification } from './notification.ts'
import type { PushSubscription } from './push-subscription.ts'

const id = z.coerce.number().int().min(1).max(2_147_483_647)
export const noticeParams = z.strictObject({ id })

export const noticeJson = z.object({
  id: z.int(),
  kind: z.enum(noticeKinds),
  /** The same one comes to open pages and to devices under this name. */
  cause: z.string(),
  /** What its words are filled with; whoever shows it makes them. */
  data: z.record(z.string(), z.string()),
  /** A path of ours that it leads to. */
  url: z.string(),
  read_at: z.string().nullable(),
  created_at: z.string(),
})
export type NoticeJson = z.infer<typeof noticeJson>

export const noticesJson = pageOf(noticeJson).extend({ unread: z.int() })
export type NoticesJson = z.infer<typeof noticesJson>

/** These, or all there are. */
export const readBody = z.union([
  z.strictObject({ ids: z.array(z.number().int().min(1).max(2_147_483_647)).max(100) }),
  z.strictObject({ all: z.literal(true) }),
])
export const unreadJson = z.object({ unread: z.int() })
export type UnreadJson = z.infer<typeof unreadJson>

const endpoint = z.string().refine(isEndpoint, { params: { code: 'push_address_refused' } })

/** A point of P-256, uncompressed; sixteen bytes: RFC 8291, 3.1 and 3.2. */
const p256dh = z.base64url().max(100).refine(isPoint)
const auth = z
  .base64url()
  .max(50)
  .refine((text) => Buffer.from(text, 'base64url').length === 16)

export const subscriptionBody = z.strictObject({
  endpoint,
  keys: z.strictObject({ p256dh, auth }),
  language: z.enum(['ru', 'en']),
})
export type SubscriptionBody = z.infer<typeof subscriptionBody>
export const endpointBody = z.strictObject({ endpoint: z.string().max(1000) })

export const subscriptionJson = z.object({ id: z.int(), language: z.enum(['ru', 'en']), created_at: z.string() })
export type SubscriptionJson = z.infer<typeof subscriptionJson>

/** The key that a browser subscribes with; null where nothing is pushed. */
export const pushKeyJson = z.object({ public_key: z.string().nullable() })
export type PushKeyJson = z.infer<typeof pushKeyJson>

export function presentNotice({ id, kind, cause, data, url, readAt, createdAt }: Notification): NoticeJson {
  return { id, kind, cause, data, url, read_at: readAt?.toISOString() ?? null, created_at: createdAt.toISOString() }
}

export function presentSubscription({ id, language, createdAt }: PushSubscription): SubscriptionJson {
  return { id, language, created_at: createdAt.toISOString() }
}

function isPoint(text: string): boolean {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 65 || bytes[0] !== 4) return false
  try {
    ECDH.convertKey(bytes, 'prime256v1')
    return true
  } catch {
    return false
  }
}
