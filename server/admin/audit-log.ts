import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'
import type { EntityManager } from '../db/orm.ts'

const schema = defineEntity({
  name: 'AuditLog',
  indexes: [
    { properties: ['createdAt'] },
    { properties: ['action', 'createdAt'] },
    { properties: ['object', 'createdAt'] },
  ],
  properties: {
    ...base,
    /** Null for the system itself and for accounts that are gone. */
    actor: () => p.manyToOne(User).nullable().index().deleteRule('set null'),
    /** What was done, as `user.role` or `course.publish`. */
    action: p.string().length(60),
    /** What it was done to, as `course:12`. */
    object: p.string().length(80),
    /** What changed, `{field: [before, after]}` or what else is worth knowing; no secrets. */
    details: p
      .json<Record<string, unknown>>()
      .defaultRaw(`'{}'`)
      .onCreate(() => ({})),
    address: p.string().length(45).default(''),
  },
})

/** Who did what with roles, prices, statuses, refunds and settings. */
export class AuditLog extends schema.class {}
schema.setClass(AuditLog)

export interface Deed {
  actor: number | null
  action: string
  object: string
  details?: Record<string, unknown>
  address?: string
}

/** Writes it down in the transaction that does it: there is one if, and only if, the other. */
export function writeAudit(em: EntityManager, { actor, action, object, details = {}, address = '' }: Deed): void {
  em.persist(
    em.create(AuditLog, {
      actor: actor === null ? null : em.getReference(User, actor),
      action,
      object,
      details,
      address,
    }),
  )
}
