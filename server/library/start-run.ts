import type { Viewer } from '../accounts/viewer.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import type { RunBody } from './contract.ts'
import { LibraryRun } from './library-run.ts'

/** Any number that no other lock within a transaction has. */
const LOCK = 4_815_163

/** @throws {DomainError} `library_busy` while another runs or waits */
export async function startRun(
  em: EntityManager,
  queue: Queue,
  by: { person: Pick<Viewer, 'id'>; address: string },
  { kind, deep, dry_run }: RunBody,
): Promise<LibraryRun> {
  return em.transactional(async (tx) => {
    // Or two at once would each find none.
    await tx.execute('select pg_advisory_xact_lock(?)', [LOCK])
    if (await tx.count(LibraryRun, { status: { $in: ['queued', 'processing'] } })) throw new DomainError('library_busy')
    const run = tx.create(LibraryRun, { kind, isDeep: deep, isDryRun: dry_run, startedBy: by.person.id })
    await tx.flush()
    if (kind === 'prune' && !dry_run) {
      const { person, address } = by
      writeAudit(tx, { actor: person.id, address, action: 'library.prune', object: `library_run:${run.id}` })
    }
    await queue.add('run-library', { run: run.id }, { em: tx })
    await tx.flush()
    return run
  })
}

/**
 * Also of a run whose worker will not come back. What has been deleted stays deleted.
 *
 * @throws {DomainError} `library_run_not_found`; `library_run_ended`
 */
export async function cancelRun(em: EntityManager, id: string): Promise<void> {
  const changed = await em.nativeUpdate(
    LibraryRun,
    { id, status: { $in: ['queued', 'processing'] } },
    { status: 'cancelled', finishedAt: new Date() },
  )
  if (changed > 0) return
  throw new DomainError((await em.count(LibraryRun, { id })) > 0 ? 'library_run_ended' : 'library_run_not_found')
}
