import { z } from 'zod'
import type { Profile } from '../accounts/profile.ts'
import { roles } from '../accounts/roles.ts'
import type { User } from '../accounts/user.ts'
import type { FailedJob, QueueState } from '../jobs/overview.ts'
import type { ReviewReport } from '../reviews/review-report.ts'
import type { AuditLog } from './audit-log.ts'
import { settingsSchema } from './settings.ts'

export const settingsJson = settingsSchema
export const settingsPatch = settingsSchema.partial()
export type SettingsJson = z.infer<typeof settingsJson>

const id = z.coerce
  .number()
  .int()
  .positive()
  .max(2 ** 31 - 1)
export const idParams = z.strictObject({ id })
export const jobParams = z.strictObject({ queue: z.string().max(100), id: z.uuid() })

const flag = z.enum(['true', 'false']).transform((text) => text === 'true')
/** What a list's links carry beside its filters. */
const paged = { page: z.string().optional(), page_size: z.string().optional() }

export const usersQuery = z.object({
  ...paged,
  /** Part of the address or of the name; each of its words must be in one. */
  search: z.string().trim().max(100).default(''),
  role: z.enum(roles).optional(),
  is_verified: flag.optional(),
  is_active: flag.optional(),
  /** Accounts that are gone are left out unless they are asked for. */
  is_deleted: flag.default(false),
  /** Of created_at, email, last_login_at, last_name, role; `-` for the other way. Others are ignored. */
  ordering: z.string().max(100).default('-created_at'),
})

const personName = z
  .string()
  .trim()
  .min(1)
  .max(50)
  // Control characters end up in mail headers and logs.
  .regex(/^\P{C}+$/u)

/** What is not sent stays; the whole is small enough that PUT and PATCH are one. */
export const userBody = z.strictObject({
  first_name: personName.optional(),
  last_name: personName.optional(),
  role: z.enum(roles).optional(),
  is_active: z.boolean().optional(),
  is_verified: z.boolean().optional(),
})

export const adminUserJson = z.object({
  id: z.int(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  phone: z.string().nullable(),
  role: z.enum(roles),
  is_verified: z.boolean(),
  is_active: z.boolean(),
  profile_id: z.int().nullable(),
  display_name: z.string(),
  /** Of a teacher's identity. */
  verification_status: z.enum(['pending', 'verified', 'rejected']),
  last_login_at: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  deleted_at: z.iso.datetime().nullable(),
})
export type AdminUserJson = z.infer<typeof adminUserJson>

export const verificationBody = z.strictObject({
  status: z.enum(['pending', 'verified', 'rejected']),
  /** Why; the person is sent it. */
  comment: z.string().trim().max(1000).default(''),
})
export const verificationJson = z.object({
  id: z.int(),
  verification_status: z.enum(['pending', 'verified', 'rejected']),
})
export type VerificationJson = z.infer<typeof verificationJson>

const moment = z.iso
  .datetime({ offset: true })
  .or(z.iso.date())
  .transform((text) => new Date(text))

export const auditQuery = z.object({
  ...paged,
  actor: id.optional(),
  /** Whole as `user.role`, or the beginning as `user.`. */
  action: z.string().max(60).optional(),
  /** As `course:12`. */
  object: z.string().max(80).optional(),
  date_from: moment.optional(),
  /** Not included. */
  date_to: moment.optional(),
})
export type AuditQuery = z.output<typeof auditQuery>

export const auditJson = z.object({
  id: z.int(),
  /** Null for the system itself and for accounts that are gone. */
  actor: z.object({ id: z.int(), email: z.string() }).nullable(),
  action: z.string(),
  object: z.string(),
  details: z.record(z.string(), z.unknown()),
  address: z.string(),
  created_at: z.iso.datetime(),
})
export type AuditJson = z.infer<typeof auditJson>

export const failedJobJson = z.object({
  id: z.string(),
  /** What it said when it last failed. */
  error: z.string(),
  retry_count: z.int(),
  created_at: z.iso.datetime(),
  failed_at: z.iso.datetime().nullable(),
})

export const queueJson = z.object({
  name: z.string(),
  /** Waiting for a worker, those that failed before among them. */
  waiting: z.int(),
  active: z.int(),
  failed: z.int(),
  completed: z.int(),
  /** Seconds that the oldest waiting job is due for; null when none waits. */
  oldest_seconds: z.int().nullable(),
  /** The newest twenty. */
  failures: z.array(failedJobJson),
})
export type QueueJson = z.infer<typeof queueJson>

export const reportJson = z.object({
  id: z.int(),
  reason: z.string(),
  reporter: z.object({ id: z.int(), email: z.string() }),
  review: z.object({
    id: z.int(),
    course: z.object({ id: z.int(), title: z.string() }),
    author: z.object({ id: z.int(), email: z.string() }),
    rating: z.int(),
    title: z.string(),
    content: z.string(),
    is_hidden: z.boolean(),
  }),
  created_at: z.iso.datetime(),
})
export type ReportJson = z.infer<typeof reportJson>

export const reportsQuery = z.object({ ...paged, is_hidden: flag.optional() })

export function presentUser(user: User, profile: Profile | undefined): AdminUserJson {
  return {
    id: user.id,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    phone: user.phone ?? null,
    role: user.role,
    is_verified: user.isVerified,
    is_active: user.isActive,
    profile_id: profile?.id ?? null,
    display_name: profile?.displayName ?? '',
    verification_status: profile?.verificationStatus ?? 'pending',
    last_login_at: user.lastLoginAt?.toISOString() ?? null,
    created_at: user.createdAt.toISOString(),
    deleted_at: user.deletedAt?.toISOString() ?? null,
  }
}

export function presentAudit(line: AuditLog): AuditJson {
  const { id, actor, action, object, details, address, createdAt } = line
  return {
    id,
    actor: actor ? { id: actor.id, email: actor.email } : null,
    action,
    object,
    details,
    address,
    created_at: createdAt.toISOString(),
  }
}

export function presentReport({ id, reason, user, review, createdAt }: ReviewReport): ReportJson {
  const { course, user: author, rating, title, content, isHidden } = review
  return {
    id,
    reason,
    reporter: { id: user.id, email: user.email },
    review: {
      id: review.id,
      course: { id: course.id, title: course.title },
      author: { id: author.id, email: author.email },
      rating,
      title,
      content,
      is_hidden: isHidden,
    },
    created_at: createdAt.toISOString(),
  }
}

export function presentQueues(states: readonly QueueState[], failures: readonly FailedJob[]): QueueJson[] {
  return states.map(({ name, waiting, active, failed, completed, oldestSeconds }) => ({
    name,
    waiting,
    active,
    failed,
    completed,
    oldest_seconds: oldestSeconds,
    failures: failures
      .filter(({ queue }) => queue === name)
      .map(({ id, error, retryCount, createdAt, failedAt }) => ({
        id,
        error,
        retry_count: retryCount,
        created_at: createdAt.toISOString(),
        failed_at: failedAt?.toISOString() ?? null,
      })),
  }))
}
