import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import type { PageJson } from '../http/page.ts'
import type { Audience, Playback } from '../vod/playback.ts'
import {
  type BroadcastSight,
  channelBroadcastJson,
  channelRefJson,
  presentChannelRef,
  presentSight,
  visibilities,
} from './broadcast-json.ts'

const title = z.string().trim().min(1).max(200)

export const broadcastParams = z.strictObject({ id: z.string().max(100) })

export const scheduleBody = z.strictObject({
  title,
  starts_at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  /** For a course's learners when there is a course, else public, unless it is said. */
  visibility: z.enum(visibilities).optional(),
  /** Whose learners it is for; its `go_live` right is needed. Follows from the lesson when there is one. */
  course: z.int32().positive().nullable().optional(),
  /** Which lesson it is to be: a video lesson that has no recording yet. */
  lesson: z.int32().positive().nullable().optional(),
})

export const broadcastPatch = scheduleBody.partial()

export const broadcastJson = channelBroadcastJson.extend({
  status: z.enum(['scheduled', 'live', 'ended', 'failed']),
  visibility: z.enum(visibilities),
  channel: channelRefJson,
  ended_at: z.iso.datetime().nullable(),
  /** Why it ended, when that was not the publisher's wish; for those who manage it, else null. */
  cause: z.string().nullable(),
})
export type BroadcastJson = z.infer<typeof broadcastJson>

/** @param isManaged the viewer may change it, so they are told why it ended */
export function presentBroadcast(
  sight: BroadcastSight,
  playback: Playback,
  audience: Audience,
  isManaged: boolean,
  store: Config['store'],
): BroadcastJson {
  const { broadcast } = sight
  return {
    ...presentSight(sight, playback, audience),
    status: broadcast.status,
    visibility: broadcast.visibility,
    channel: presentChannelRef(broadcast.channel, store),
    ended_at: broadcast.endedAt?.toISOString() ?? null,
    cause: isManaged ? (broadcast.cause ?? null) : null,
  }
}

/** `GET /api/live/` */
export type LivePageJson = PageJson<BroadcastJson>

export const healthWarnings = [
  'keyframe_interval_long',
  'keyframe_interval_unset',
  'no_audio',
  'no_video',
  'overloaded',
  'bitrate_unstable',
  'timestamps_jumped',
  'store_unavailable',
  'disk_full',
] as const

/** A running show as its studio sees it. */
export const broadcastHealthJson = z.object({
  status: z.enum(['connecting', 'probing', 'live', 'waiting', 'draining']),
  viewers: z.number().int(),
  encoder: z.string().nullable(),
  bitrate_bps: z.number(),
  frame_rate: z.number(),
  keyframe_interval_seconds: z.number().nullable(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  dropped_frames: z.number().int(),
  /** ffmpeg against real time; under 1 it falls behind. */
  speed: z.number().nullable(),
  ladder: z.array(
    z.object({
      name: z.string(),
      width: z.number().int().nullable(),
      height: z.number().int().nullable(),
      bitrate_bps: z.number(),
      is_copied: z.boolean(),
      is_shed: z.boolean(),
    }),
  ),
  warnings: z.array(z.enum(healthWarnings)),
})
export type BroadcastHealthJson = z.infer<typeof broadcastHealthJson>

/** `health` is null while no media process holds the broadcast, or none can say. */
export const healthAnswerJson = z.object({ broadcast: z.string(), health: broadcastHealthJson.nullable() })
export type HealthAnswerJson = z.infer<typeof healthAnswerJson>
