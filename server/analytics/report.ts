import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { unguessable } from '../db/base.ts'
import type { FigureQuery } from './period.ts'

export const reportKinds = ['revenue', 'progress', 'views'] as const
export type ReportKind = (typeof reportKinds)[number]
export const reportStatuses = ['pending', 'ready', 'failed'] as const

const schema = defineEntity({
  name: 'Report',
  indexes: [{ properties: ['user', 'createdAt'] }, { properties: ['expiresAt'] }],
  checks: [{ name: 'report_size_positive', expression: 'size_bytes >= 0' }],
  properties: {
    ...unguessable,
    user: () => p.manyToOne(User).deleteRule('cascade'),
    kind: p.enum(reportKinds),
    params: p.json<FigureQuery>(),
    status: p.enum(reportStatuses).default('pending'),
    /** Courses that it tells of, null for all: whoever may not see one of them any more does not get the file either. */
    courses: p.json<number[]>().nullable(),
    /** About nobody but its owner. */
    isOwn: p.boolean().default(false),
    sizeBytes: p.integer().default(0),
    readyAt: p.datetime().nullable(),
    /** The file and this row go then. */
    expiresAt: p.datetime(),
  },
})

/**
 * A table of figures that somebody asked for, written by a job into `reports/<id>.csv` of the object store.
 *
 *   pending ──▶ ready, or failed
 */
export class Report extends schema.class {
  key(): string {
    return `reports/${this.id}.csv`
  }
}
schema.setClass(Report)
