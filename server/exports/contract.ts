import { z } from 'zod'
import { exportFormats } from '../../media/files/export-clip.ts'
import { type Export, exportStatuses } from './export.ts'

export const exportParams = z.strictObject({ id: z.string().max(100) })

/** Seconds of the longest piece; an animation is many times as large as a video. */
const longest = { gif: 30, webp: 30, mp4: 600, mp3: 4 * 3600 } as const

const piece = {
  format: z.enum(exportFormats),
  /** Seconds from the beginning. */
  start: z.coerce.number().min(0).max(86_400).default(0),
  duration: z.coerce.number().min(0.1).max(longest.mp3),
  /** Of the picture; 480 of an animation when nothing is said, and never more than there is. */
  width: z.coerce.number().int().min(64).max(1920).optional(),
  /** Of an animation; 12 when nothing is said. */
  fps: z.coerce.number().int().min(1).max(30).optional(),
}

const isShortEnough = {
  test: ({ format, duration }: { format: keyof typeof longest; duration: number }) => duration <= longest[format],
  refusal: { error: 'At most 30 s of a GIF or WebP, 10 min of an MP4.', path: ['duration'] },
}

export const exportBody = z
  .strictObject({
    video: z.string().max(100).optional(),
    recording: z.string().max(100).optional(),
    /** A running show: from the beginning of what can be gone back to. */
    broadcast: z.string().max(100).optional(),
    ...piece,
  })
  .refine(isShortEnough.test, isShortEnough.refusal)
  .refine(({ video, recording, broadcast }) => [video, recording, broadcast].filter(Boolean).length === 1, {
    error: 'Name one video, recording or broadcast.',
    path: ['video'],
  })
export type NewExport = z.infer<typeof exportBody>

/** Fields of the form that a visitor's own file comes in. */
export const convertFields = z.strictObject(piece).refine(isShortEnough.test, isShortEnough.refusal)
export type Piece = z.infer<typeof convertFields>

export const exportJson = z.object({
  id: z.string(),
  status: z.enum(exportStatuses),
  /** Percent. */
  progress: z.int(),
  /** Why it failed, as a code; empty otherwise. */
  failure: z.string(),
  format: z.enum(exportFormats),
  start: z.number(),
  duration: z.number(),
  file_name: z.string(),
  size_bytes: z.number(),
  /** Null until it is ready. */
  download_url: z.string().nullable(),
  expires_at: z.iso.datetime(),
  created_at: z.iso.datetime(),
})
export type ExportJson = z.infer<typeof exportJson>

export function presentExport(made: Export): ExportJson {
  return {
    id: made.id,
    status: made.status,
    progress: made.progress,
    failure: made.failure,
    format: made.format,
    start: Number(made.startSeconds),
    duration: Number(made.durationSeconds),
    file_name: made.fileName,
    size_bytes: Number(made.sizeBytes),
    download_url: made.status === 'ready' ? `/api/exports/${made.id}/download/` : null,
    expires_at: made.expiresAt.toISOString(),
    created_at: made.createdAt.toISOString(),
  }
}
