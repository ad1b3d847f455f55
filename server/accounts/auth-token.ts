import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { User } from './user.ts'

const schema = defineEntity({
  name: 'AuthToken',
  indexes: [{ properties: ['user', 'purpose'] }],
  properties: {
    ...base,
    user: () => p.manyToOne(User).deleteRule('cascade'),
    purpose: p.enum(['session', 'refresh', 'verify_email', 'reset_password'] as const),
    /** SHA-256 of the token: who reads this table can sign in as nobody. */
    hash: p.string().length(64).unique(),
    /** One sign-in: the browser's session, or a client's chain of refresh tokens. */
    family: p.string().length(16).index(),
    expiresAt: p.datetime().index(),
    usedAt: p.datetime().nullable(),
    revokedAt: p.datetime().nullable(),
    replacedBy: () => p.manyToOne(AuthToken).nullable().deleteRule('set null'),
    userAgent: p.string().length(200).default(''),
    address: p.string().length(45).default(''),
    lastSeenAt: p.datetime().onCreate(() => new Date()),
    /** When the person signed in; a refreshed token has its family's. */
    signedInAt: p.datetime().onCreate(() => new Date()),
  },
})

/** A secret that stands for an account for a while; opaque, kept as its hash. */
export class AuthToken extends schema.class {
  isOpen(now: Date): boolean {
    return !this.revokedAt && !this.usedAt && this.expiresAt > now
  }
}
schema.setClass(AuthToken)
