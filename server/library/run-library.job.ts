import { ObjectStoreError } from '../../media/storage/object-store.ts'
import { Patience } from '../../media/storage/patience.ts'
import { tellPerson } from '../chat/control.ts'
import type { Context } from '../context.ts'
import { type RunReport, reportOfPruning, reportOfValidation } from './contract.ts'
import { LibraryError } from './library-error.ts'
import { LibraryRun } from './library-run.ts'
import { lockLibrary } from './lock.ts'
import { prune } from './prune.ts'
import type { Library } from './upload.ts'
import { validate } from './validate.ts'
import { withManifest } from './with-manifest.ts'

const TOLD_EVERY_MS = 1000
/** Beside shows that are on the air; the command line takes ten. */
const CONCURRENCY = 3
const PATIENCE_MS = 60_000

/**
 * Does what a LibraryRun says. Run again after a crash it begins anew, which changes nothing that was right. One that is
 * cancelled meanwhile is given up within a second; a pruning that has begun to delete is not.
 *
 * @throws what may pass by itself: a database that is away
 */
export async function runLibrary(context: Context, id: string, signal: AbortSignal): Promise<void> {
  const { config, store, orm, log } = context
  const em = () => orm.em.fork()
  const run = await em().findOne(LibraryRun, { id })
  const taken = await em().nativeUpdate(
    LibraryRun,
    { id, status: { $in: ['queued', 'processing'] } },
    { status: 'processing', progress: 0 },
  )
  if (!run || taken === 0) return
  const cancelled = new AbortController()
  const stop = AbortSignal.any([signal, cancelled.signal])
  const done = { bytes: 0, ofBytes: 0 }
  const tell = async () => {
    const progress = done.ofBytes > 0 ? Math.min(99, Math.floor((done.bytes / done.ofBytes) * 100)) : 0
    const changed = await em().nativeUpdate(LibraryRun, { id, status: 'processing' }, { progress })
    if (changed === 0) cancelled.abort()
    else await tellStarter(context, run, { status: 'processing', progress })
  }
  const timer = setInterval(
    () => void tell().catch((error: unknown) => log.warn({ error }, 'no progress was told')),
    TOLD_EVERY_MS,
  )
  const end = async (how: { status: 'ready' | 'failed'; report?: RunReport; failure?: string }) => {
    const progress = how.status === 'ready' ? { progress: 100 } : {}
    await em().nativeUpdate(LibraryRun, { id, status: 'processing' }, { ...how, ...progress, finishedAt: new Date() })
  }
  try {
    const report = await withManifest(config.database.url, async (manifest) => {
      const library = { store, manifest, patience: new Patience({ limitMs: PATIENCE_MS, signal: stop }) }
      return run.kind === 'prune' ? pruneAlone(library, run, config.database.url) : check(library, run, stop, done)
    })
    await end({ status: 'ready', report })
  } catch (error) {
    const failure = failureOf(error)
    if (!cancelled.signal.aborted) {
      if (!failure) throw error
      log.info({ error, run: id }, 'a run over the library failed')
      await end({ status: 'failed', failure })
    }
  } finally {
    clearInterval(timer)
  }
  const { status, progress } = await em().findOneOrFail(LibraryRun, { id })
  await tellStarter(context, run, { status, progress })
}

async function pruneAlone(library: Library, { isDryRun }: LibraryRun, databaseUrl: string): Promise<RunReport> {
  await using _lock = await lockLibrary(databaseUrl, 'alone')
  return reportOfPruning(await prune(library, { folder: null, prefix: '', isDryRun }))
}

async function check(
  library: Library,
  { isDeep }: LibraryRun,
  signal: AbortSignal,
  done: { bytes: number; ofBytes: number },
): Promise<RunReport> {
  const progress = {
    begin: (_files: number, bytes: number) => {
      done.ofBytes = bytes
    },
    bytes: (more: number) => {
      done.bytes += more
    },
  }
  return reportOfValidation(await validate(library, { prefix: '', isDeep, concurrency: CONCURRENCY, progress, signal }))
}

function failureOf(error: unknown): string | null {
  if (error instanceof ObjectStoreError) return 'store_unavailable'
  return error instanceof LibraryError ? 'library_busy' : null
}

async function tellStarter(
  { redis }: Context,
  { id, startedBy }: LibraryRun,
  state: { status: string; progress: number },
): Promise<void> {
  // The row says it all to who asks again.
  if (startedBy) await tellPerson(redis, `u:${startedBy.id}`, { t: 'job', id, ...state }).catch(() => {})
}
