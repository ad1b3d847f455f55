import { z } from 'zod'
import type { Cost } from './cost.ts'
import { type LibraryRun, runKinds, runStatuses } from './library-run.ts'
import type { PruneReport } from './prune.ts'
import type { Category, Status } from './status.ts'
import type { ValidateReport } from './validate.ts'

/** Of a long list the beginning: a page is no place for ten thousand names. */
const SHOWN = 50

export const runParams = z.strictObject({ id: z.string().max(100) })

export const runBody = z
  .strictObject({
    kind: z.enum(runKinds),
    /** Of a validation: reads every object and compares its SHA-256. */
    deep: z.boolean().default(false),
    /** Of a pruning: says what would be deleted, and deletes nothing. */
    dry_run: z.boolean().default(false),
  })
  .refine(({ kind, deep }) => kind === 'validate' || !deep, { error: 'Only a validation is deep.', path: ['deep'] })
  .refine(({ kind, dry_run }) => kind === 'prune' || !dry_run, {
    error: 'A validation changes nothing anyway.',
    path: ['dry_run'],
  })
export type RunBody = z.infer<typeof runBody>

/** How many, and the first of them. */
const namesJson = z.object({ count: z.int(), first: z.array(z.string()) })

const reportJson = z.object({
  validation: z
    .object({
      files: z.int(),
      right: z.int(),
      objects: z.int(),
      /** Paths of files that no upload has finished. */
      unsent: namesJson,
      /** Keys of objects, as the others. */
      missing: namesJson,
      wrong_size: namesJson,
      wrong_content: namesJson,
      /** In the store, and of no file; `prune` deletes them. */
      extra: namesJson,
    })
    .nullable(),
  pruning: z
    .object({
      objects: z.int(),
      bytes: z.number(),
      /** Uploads that nobody goes on with. */
      unfinished: z.int(),
    })
    .nullable(),
})
export type RunReport = z.infer<typeof reportJson>

export const runJson = z.object({
  id: z.string(),
  kind: z.enum(runKinds),
  deep: z.boolean(),
  dry_run: z.boolean(),
  status: z.enum(runStatuses),
  /** Percent. */
  progress: z.int(),
  /** Why it failed, as a code; empty otherwise. */
  failure: z.string(),
  /** Null until it is ready. */
  report: reportJson.nullable(),
  created_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
})
export type RunJson = z.infer<typeof runJson>

const categoryJson = z.object({
  name: z.string(),
  files: z.int(),
  size_bytes: z.number(),
  /** Files that the store has. */
  stored: z.int(),
})

export const libraryJson = z.object({
  store: z.enum(['disk', 's3']),
  categories: z.array(categoryJson),
  total: categoryJson,
  /** Files of equal content share one. */
  objects: z.int(),
  object_bytes: z.number(),
  /** Dollars a month, R2 first; each object fetched once. */
  costs: z.array(
    z.object({
      name: z.string(),
      /** The day of the prices. */
      as_of: z.string(),
      storage: z.number(),
      reads: z.number(),
      egress: z.number(),
      monthly: z.number(),
      once: z.number(),
    }),
  ),
  prices_checked_on: z.string(),
  /** What runs or waits. */
  current: runJson.nullable(),
  /** The last of each that ended with a result. */
  last_validation: runJson.nullable(),
  last_pruning: runJson.nullable(),
})
export type LibraryJson = z.infer<typeof libraryJson>

export function presentRun(run: LibraryRun): RunJson {
  return {
    id: run.id,
    kind: run.kind,
    deep: run.isDeep,
    dry_run: run.isDryRun,
    status: run.status,
    progress: run.progress,
    failure: run.failure,
    report: run.report ?? null,
    created_at: run.createdAt.toISOString(),
    finished_at: run.finishedAt?.toISOString() ?? null,
  }
}

export function reportOfValidation(report: ValidateReport): RunReport {
  const { files, right, objects, unsent, missing, wrongSize, wrongContent, extra } = report
  return {
    validation: {
      ...{ files, right, objects },
      unsent: names(unsent),
      missing: names(missing),
      wrong_size: names(wrongSize),
      wrong_content: names(wrongContent),
      extra: names(extra),
    },
    pruning: null,
  }
}

export function reportOfPruning({ objects, bytes, unfinished }: PruneReport): RunReport {
  return { validation: null, pruning: { objects, bytes, unfinished } }
}

export function presentStatus({ categories, total, objects, objectBytes }: Status) {
  return {
    categories: categories.map(presentCategory),
    total: presentCategory(total),
    objects,
    object_bytes: objectBytes,
  }
}

export function presentCosts(costs: readonly Cost[]): LibraryJson['costs'] {
  return costs.map(({ asOf, ...cost }) => ({ as_of: asOf, ...cost }))
}

function presentCategory({ name, files, bytes, stored }: Category): z.infer<typeof categoryJson> {
  return { name, files, size_bytes: bytes, stored }
}

function names(all: readonly string[]): z.infer<typeof namesJson> {
  return { count: all.length, first: all.slice(0, SHOWN) }
}
