import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import type { PageJson } from '../http/page.ts'
import { channelRefJson, presentChannelRef, visibilities } from '../live/broadcast-json.ts'
import { thumbnailWidths } from '../pictures/thumbnail-file.ts'
import { chatJson, presentChat } from './chat-json.ts'
import type { Audience, Playback } from './playback.ts'
import type { Recording } from './recording.ts'

export const recordingParams = z.strictObject({ id: z.string().max(100) })

export const recordingsQuery = z.object({ channel: z.string().max(100).optional() })

export const recordingPatch = z.strictObject({
  title: z.string().trim().min(1).max(200).optional(),
  visibility: z.enum(visibilities).optional(),
})

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
  thumbnail_widths: thumbnailWidths,
  /** WebVTT whose cues name tiles of sprites beside it. */
  storyboard_url: z.string().nullable(),
  chat_room: z.string(),
  ...chatJson,
  created_at: z.iso.datetime(),
})
export type RecordingJson = z.infer<typeof recordingJson>
/** `GET /api/recordings/` */
export type RecordingPageJson = PageJson<RecordingJson>

/** A message beside the picture that its author saw. */
export interface ReplayedMessageJson {
  /** Seconds from the recording's beginning. */
  at: number
  id: number
  /** With the name that they had then; `id` is null when the account is gone. */
  author: { id: number | null; name: string }
  rank: number
  text: string
  /** The beginning of the message that it answers, while that is there. */
  reply_to: { name: string; text: string } | null
  sent_at: string
}

/** `chat-<n>.json`: ten minutes of the recording, in the order of `at`. */
export interface ChatPieceJson {
  messages: ReplayedMessageJson[]
}

/** While its broadcast runs, the whole of it so far is played from the media process. */
export function presentRecording(
  recording: Recording,
  playback: Playback,
  audience: Audience,
  store: Config['store'],
): RecordingJson {
  const { channel, broadcast, node } = recording
  const held = recording.status === 'live' && node ? { id: broadcast.id, node } : null
  const url = (file: string) => {
    if (recording.status === 'failed') return null
    return held ? playback.ofBroadcast(held, file, audience) : playback.ofRecording(recording, file, audience)
  }
  return {
    id: recording.id,
    title: recording.title,
    status: recording.status,
    visibility: recording.visibility,
    channel: presentChannelRef(channel, store),
    broadcast: broadcast.id,
    duration_seconds: Number(recording.durationSeconds),
    width: recording.width ?? null,
    height: recording.height ?? null,
    renditions: recording.renditions,
    size_bytes: Number(recording.sizeBytes),
    playback_url: url(held ? 'dvr.m3u8' : 'index.m3u8'),
    thumbnail_url: held || recording.hasThumbnail ? url('thumbnail.jpg') : null,
    thumbnail_widths: held || !recording.hasThumbnail ? [] : recording.thumbnailWidths,
    storyboard_url: held || recording.hasStoryboard ? url('storyboard.vtt') : null,
    chat_room: channel.chatRoom(),
    ...presentChat(recording, playback, audience),
    created_at: recording.createdAt.toISOString(),
  }
}
