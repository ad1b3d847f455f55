import { defineEntity, p } from '@mikro-orm/core'
import { exportFormats } from '../../media/files/export-clip.ts'
import { User } from '../accounts/user.ts'
import { unguessable } from '../db/base.ts'

export const exportStatuses = ['queued', 'processing', 'ready', 'failed', 'cancelled'] as const
/** What it is a piece of; `upload` is a visitor's own file. */
export const exportSources = ['video', 'recording', 'broadcast', 'upload'] as const

const schema = defineEntity({
  name: 'Export',
  indexes: [{ properties: ['expiresAt'] }, { properties: ['owner', 'createdAt'] }],
  checks: [{ name: 'export_progress_percent', expression: 'progress >= 0 and progress <= 100' }],
  properties: {
    ...unguessable,
    /** Null of a visitor without an account: whoever knows the id has it. */
    owner: () => p.manyToOne(User).nullable().deleteRule('cascade'),
    source: p.enum(exportSources),
    /** The video's, recording's or broadcast's; of an upload its own. */
    sourceId: p.string().length(24),
    format: p.enum(exportFormats),
    startSeconds: p.double(),
    durationSeconds: p.double(),
    width: p.integer().nullable(),
    fps: p.integer().nullable(),
    status: p.enum(exportStatuses).default('queued'),
    progress: p.integer().default(0),
    /** Why it failed, as an error code. */
    failure: p.string().length(40).default(''),
    /** What a download is called; on disk and in the store it is the id. */
    fileName: p.string().length(255),
    sizeBytes: p.bigint('number').default(0),
    expiresAt: p.datetime(),
  },
})

/**
 * A piece of something that is watched, as a file to take away.
 *
 *   queued ──▶ processing ──▶ ready ──10 min after the first whole download, or 24 h──▶ gone
 *      └───────────┴────────▶ failed, cancelled
 */
export class Export extends schema.class {
  objectKey(): string {
    return `exports/${this.id}.${this.format}`
  }
}
schema.setClass(Export)
