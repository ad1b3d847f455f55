import { z } from 'zod'
import type { PageJson } from '../http/page.ts'
import { channelRefJson, visibilities } from '../live/broadcast-json.ts'

export const recordingParams = z.strictObject({ id: z.string().max(100) })

export const recordingsQuery = z.object({ channel: z.string().max(100).optional() })

export const recordingPatch = z.strictObject({
  title: z.string().trim().min(1).max(200).optional(),
  visibility: z.enum(visibilities).optional(),
})
export type RecordingPatch = z.input<typeof recordingPatch>

export const recordingJson = z.object({
  id: z.string(),
  title: z.string(),
  /** `live`: its broadcast still runs and `playback_url` grows with it. */
  status: z.enum(['live', 'ready', 'failed']),
  visibility: z.enum(visibilities),
  channel: channelRefJson,
  broadcast: z.string(),
  duration_seconds: z.number(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  /** Names, highest first: `720p`, `480p`, `audio`. */
  renditions: z.array(z.string()),
  size_bytes: z.number(),
  /** Path of the multivariant playlist, signed for this viewer; null of a failed one. */
  playback_url: z.string().nullable(),
  thumbnail_url: z.string().nullable(),
  /** WebVTT whose cues name tiles of sprites beside it. */
  storyboard_url: z.string().nullable(),
  chat_room: z.string(),
  created_at: z.iso.datetime(),
})
export type RecordingJson = z.infer<typeof recordingJson>
/** `GET /api/recordings/` */
export type RecordingPageJson = PageJson<RecordingJson>
