import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { unguessable } from '../db/base.ts'
import type { RunReport } from './contract.ts'

export const runKinds = ['validate', 'prune'] as const
export const runStatuses = ['queued', 'processing', 'ready', 'failed', 'cancelled'] as const

const schema = defineEntity({
  name: 'LibraryRun',
  indexes: [{ properties: ['kind', 'createdAt'] }, { properties: ['status'] }],
  checks: [{ name: 'library_run_progress_percent', expression: 'progress >= 0 and progress <= 100' }],
  properties: {
    ...unguessable,
    kind: p.enum(runKinds),
    /** Reads every object. */
    isDeep: p.boolean().default(false),
    /** Says what it would delete. */
    isDryRun: p.boolean().default(false),
    startedBy: () => p.manyToOne(User).nullable().deleteRule('set null'),
    status: p.enum(runStatuses).default('queued'),
    progress: p.integer().default(0),
    /** Why it failed, as an error code. */
    failure: p.string().length(40).default(''),
    report: p.json<RunReport>().nullable(),
    finishedAt: p.datetime().nullable(),
  },
})

/**
 * A command of the media library that an admin began from a page, and what it found; one at a time.
 *
 *   queued ──▶ processing ──▶ ready
 *      └───────────┴────────▶ failed, cancelled
 */
export class LibraryRun extends schema.class {}
schema.setClass(LibraryRun)
