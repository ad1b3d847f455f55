import type { User } from '../accounts/user.ts'
import type { Context } from '../context.ts'
import { queueMail } from '../mail/queue-mail.ts'
import { Report } from './report.ts'
import { scopeOfReport } from './request-report.ts'
import { stillSees } from './scope.ts'
import { findTable } from './table.ts'

type Ports = Pick<Context, 'orm' | 'analytics' | 'store' | 'queue' | 'settings'>

/**
 * Writes a report and tells who asked for it. Tried again when something is away; done once, one mail. Who lost the right
 * to it meanwhile gets none.
 */
export async function writeReport(ports: Ports, id: string): Promise<void> {
  const em = ports.orm.em.fork()
  const report = await em.findOne(Report, { id, status: 'pending' }, { populate: ['user'] })
  if (!report) return
  const user: User = report.user
  const scope = scopeOfReport(report)
  if (!user.maySignIn() || !(await stillSees(em, user, report.kind, scope))) {
    report.status = 'failed'
    return em.flush()
  }
  const zone = ports.settings.get('business_timezone')
  const file = Buffer.from(await findTable(ports, report.kind, scope, report.params, zone))
  await ports.store.put(report.key(), file, {
    contentType: 'text/csv; charset=utf-8',
    cacheControl: 'private, no-store',
  })
  await em.transactional(async (tx) => {
    const done = await tx.nativeUpdate(
      Report,
      { id, status: 'pending' },
      { status: 'ready', sizeBytes: file.length, readyAt: new Date(), updatedAt: new Date() },
    )
    if (done === 0) return
    await queueMail(ports.queue, tx, {
      to: user.email,
      template: 'report-ready',
      language: user.language,
      data: {
        report: `${report.kind} ${report.params.from} – ${report.params.to}`,
        path: `/api/reports/${id}/download/`,
      },
    })
  })
}
