import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { roles } from './roles.ts'

const schema = defineEntity({
  name: 'User',
  tableName: 'users',
  checks: [{ name: 'users_email_lower_case', expression: 'email = lower(btrim(email))' }],
  properties: {
    ...base,
    /** Lower-cased and trimmed, so that the unique index knows no case. */
    email: p.string().length(254).unique(),
    passwordHash: p.string().length(255).hidden(),
    firstName: p.string().length(50),
    lastName: p.string().length(50),
    role: p.enum(roles).default('student').index(),
    phone: p.string().length(16).nullable(),
    /** Of the mails to this account: the one it was made in. */
    language: p.enum(['ru', 'en'] as const).default('ru'),
    /** The e-mail address is confirmed. */
    isVerified: p.boolean().default(false).index(),
    isActive: p.boolean().default(true),
    /** Counts up when every token of this account is to die: password change, logout everywhere, role change. */
    tokenVersion: p.integer().default(0),
    lastLoginAt: p.datetime().nullable(),
    deletedAt: p.datetime().nullable(),
  },
})

/** An account: who signs in, and as what. What others see of a person is the profile. */
export class User extends schema.class {
  maySignIn(): boolean {
    return this.isActive && !this.deletedAt
  }
}
schema.setClass(User)
