import { z } from 'zod'
import type { PageJson } from '../http/page.ts'
import { visibilities } from '../live/broadcast-json.ts'
import { thumbnailWidths } from '../pictures/thumbnail-file.ts'
import type { Audience, Playback } from '../vod/playback.ts'
import { type Video, videoStatuses } from './video.ts'

export const videoParams = z.strictObject({ id: z.string().max(100) })

/** Of no more than 255 letters, whatever a system allows; a path in it is dropped. */
const fileName = z
  .string()
  .trim()
  .min(1)
  .max(1000)
  .transform(
    (name) =>
      name
        .replace(/^.*[/\\]/, '')
        .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
        .trim()
        .slice(0, 255) || 'video',
  )

export const videoBody = z.strictObject({
  /** The file's name without its extension when nothing is said. */
  title: z.string().trim().min(1).max(200).optional(),
  file_name: fileName,
  /** In bytes. */
  size: z.int().positive(),
  visibility: z.enum(visibilities).default('unlisted'),
})
export type NewVideo = z.infer<typeof videoBody>

export const videoPatch = z.strictObject({
  title: z.string().trim().min(1).max(200).optional(),
  visibility: z.enum(visibilities).optional(),
})

export const videoJson = z.object({
  id: z.string(),
  title: z.string(),
  status: z.enum(videoStatuses),
  /** Percent of the processing. */
  progress: z.int(),
  /** Why it failed, as a code; empty otherwise. */
  failure: z.string(),
  visibility: z.enum(visibilities),
  file_name: z.string(),
  source_bytes: z.number(),
  /** Where the upload goes on (tus), while it does. */
  upload_url: z.string().nullable(),
  duration_seconds: z.number(),
  width: z.int().nullable(),
  height: z.int().nullable(),
  /** Names, highest first: `720p`, `480p`, `audio`. */
  renditions: z.array(z.string()),
  size_bytes: z.number(),
  /** Path of the multivariant playlist, signed for this viewer; null until its first seconds can be played. */
  playback_url: z.string().nullable(),
  thumbnail_url: z.string().nullable(),
  thumbnail_widths: thumbnailWidths,
  /** WebVTT whose cues name tiles of sprites beside it. */
  storyboard_url: z.string().nullable(),
  /** Whether this viewer may change it. */
  may_edit: z.boolean(),
  created_at: z.iso.datetime(),
})
export type VideoJson = z.infer<typeof videoJson>
/** `GET /api/videos/` */
export type VideoPageJson = PageJson<VideoJson>

export function presentVideo(
  video: Video,
  { playback, audience, mayEdit }: { playback: Playback; audience: Audience; mayEdit: boolean },
): VideoJson {
  const url = (file: string) => playback.ofVideo(video, file, audience)
  return {
    id: video.id,
    title: video.title,
    status: video.status,
    progress: video.progress,
    failure: video.failure,
    visibility: video.visibility,
    file_name: video.fileName,
    source_bytes: Number(video.sourceBytes),
    upload_url: video.status === 'uploading' ? `/api/uploads/${video.id}` : null,
    duration_seconds: Number(video.durationSeconds),
    width: video.width ?? null,
    height: video.height ?? null,
    renditions: video.renditions,
    size_bytes: Number(video.storedBytes),
    playback_url: video.isPlayable() ? url('index.m3u8') : null,
    thumbnail_url: video.hasThumbnail ? url('thumbnail.jpg') : null,
    thumbnail_widths: video.hasThumbnail ? video.thumbnailWidths : [],
    storyboard_url: video.hasStoryboard ? url('storyboard.vtt') : null,
    may_edit: mayEdit,
    created_at: video.createdAt.toISOString(),
  }
}
