import { User } from '../accounts/user.ts'
import type { Context } from '../context.ts'
import type { Person } from '../courses/access.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { type FigureQuery, stepsOf } from './period.ts'
import { Report, type ReportKind } from './report.ts'
import { type Scope, scopeOf, stillSees } from './scope.ts'

const KEPT_MS = 7 * 86_400_000

/**
 * Asks for a report; a worker writes it.
 *
 * @throws {DomainError} `course_not_found`, `forbidden`, `period_reversed`, `period_too_long`
 */
export async function requestReport(
  em: EntityManager,
  person: Person,
  kind: ReportKind,
  params: FigureQuery,
  { queue }: Pick<Context, 'queue'>,
): Promise<Report> {
  stepsOf(params.from, params.to, params.groupBy)
  const { courses, user } = await scopeOf(em, person, kind, params)
  return em.transactional(async (tx) => {
    const report = tx.create(Report, {
      user: tx.getReference(User, person.id),
      kind,
      params,
      courses,
      isOwn: user !== null,
      expiresAt: new Date(Date.now() + KEPT_MS),
    })
    await tx.flush()
    await queue.add('write-report', { report: report.id }, { em: tx })
    return report
  })
}

/** @throws {DomainError} `report_not_found`, also of somebody else's */
export async function requireReport(em: EntityManager, person: Person, id: string): Promise<Report> {
  const report = await em.findOne(Report, { id, user: person.id, expiresAt: { $gt: new Date() } })
  if (!report) throw new DomainError('report_not_found')
  return report
}

/**
 * A report whose file may be sent: ready, and about nothing that they have lost the right to since.
 *
 * @throws {DomainError} `report_not_found`, `report_not_ready`, `forbidden`
 */
export async function requireReadyReport(em: EntityManager, person: Person, id: string): Promise<Report> {
  const report = await requireReport(em, person, id)
  if (report.status !== 'ready') throw new DomainError('report_not_ready')
  if (!(await stillSees(em, person, report.kind, scopeOfReport(report)))) throw new DomainError('forbidden')
  return report
}

/** What was theirs to see when they asked. */
export function scopeOfReport(report: Report): Scope {
  return { courses: report.courses ?? null, user: report.isOwn ? report.user.id : null }
}
