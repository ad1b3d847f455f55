import { z } from 'zod'
import { channelBroadcastJson } from '../live/broadcast-json.ts'

export type { ChannelBroadcastJson } from '../live/broadcast-json.ts'

export const slug = z
  .string()
  .trim()
  .toLowerCase()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])$/)

export const channelParams = z.strictObject({ slug: z.string().max(100) })

export const channelPatch = z.strictObject({
  title: z.string().trim().min(1).max(100).optional(),
  description: z.string().trim().max(5000).optional(),
  slug: slug.optional(),
})
export type ChannelPatch = z.input<typeof channelPatch>

export const channelJson = z.object({
  slug: z.string(),
  title: z.string(),
  description: z.string(),
  owner: z.object({ id: z.number().int(), display_name: z.string() }),
  broadcast: channelBroadcastJson.nullable(),
  chat_room: z.string(),
  /** Path of the first page of its recordings. */
  recordings_url: z.string(),
})
export type ChannelJson = z.infer<typeof channelJson>

/** What goes into OBS; shown to the owner only. */
export const streamKeyJson = z.object({ rtmp_url: z.string(), stream_key: z.string() })
export type StreamKeyJson = z.infer<typeof streamKeyJson>
