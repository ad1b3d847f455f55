import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import type { Chapter } from '../captions/chapter.ts'
import { unguessable } from '../db/base.ts'
import { visibilities } from '../live/broadcast-json.ts'

export const videoStatuses = ['uploading', 'queued', 'processing', 'ready', 'failed'] as const

const schema = defineEntity({
  name: 'Video',
  indexes: [{ properties: ['owner', 'createdAt'] }, { properties: ['owner', 'sha256'] }],
  checks: [
    { name: 'video_progress_percent', expression: 'progress >= 0 and progress <= 100' },
    { name: 'video_sizes_positive', expression: 'source_bytes >= 0 and stored_bytes >= 0' },
  ],
  properties: {
    ...unguessable,
    /** Also the name of its upload. */
    owner: () => p.manyToOne(User).deleteRule('cascade'),
    title: p.string().length(200),
    visibility: p.enum(visibilities).default('unlisted'),
    status: p.enum(videoStatuses).default('uploading'),
    /** Percent of what is under way: the upload is told by its own protocol, so this is of the processing. */
    progress: p.integer().default(0),
    /** Why it failed, as an error code. */
    failure: p.string().length(40).default(''),
    /** What the person called the file; for `Content-Disposition` alone. */
    fileName: p.string().length(255),
    /** As announced when the upload began. */
    sourceBytes: p.bigint('number'),
    /** Of the original, once it is there whole. */
    sha256: p.string().length(64).nullable(),
    /** The original in the store; null when it was not kept. */
    sourceKey: p.string().length(100).nullable(),
    /** The owner has this very file already: whoever asks is shown that one. */
    duplicateOf: p.string().length(24).nullable(),
    durationSeconds: p.double().default(0),
    width: p.integer().nullable(),
    height: p.integer().nullable(),
    /** Names, highest first; empty until it can be played. */
    renditions: p.json<string[]>().default([]),
    /** Renditions and pictures, without the thumbnail's smaller sizes. */
    storedBytes: p.bigint('number').default(0),
    hasThumbnail: p.boolean().default(false),
    /** In which it is there also beside the JPEG; none until a job has made them. */
    thumbnailWidths: p.json<number[]>().default([]),
    hasStoryboard: p.boolean().default(false),
    /** In their order. Read where they are shown alone. */
    chapters: p.json<Chapter[]>().default([]).lazy(),
  },
})

/**
 * A file that somebody uploaded, and what was made of it.
 *
 *   uploading ──▶ queued ──▶ processing ──▶ ready
 *                    └────────────┴───────▶ failed
 *
 * It can be played from the first seconds of `processing` on.
 */
export class Video extends schema.class {
  isPlayable(): boolean {
    return this.renditions.length > 0 && this.status !== 'failed'
  }
}
schema.setClass(Video)
