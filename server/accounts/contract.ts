import { z } from 'zod'
import type { AuthToken } from './auth-token.ts'
import type { Profile } from './profile.ts'
import { roles } from './roles.ts'
import type { User } from './user.ts'

const email = z.string().trim().toLowerCase().max(254).pipe(z.email())
const personName = z
  .string()
  .trim()
  .min(1)
  .max(50)
  // Control characters end up in mail headers and logs.
  .regex(/^\P{C}+$/u)

export const registerBody = z.strictObject({
  email,
  password: z.string().min(10).max(200),
  first_name: personName,
  last_name: personName,
  phone: z
    .string()
    .max(16)
    .regex(/^\+?[1-9]\d{7,14}$/)
    .nullish(),
  /** Nobody makes themselves producer or admin. */
  role: z.enum(['student', 'teacher']).default('student'),
})
export type RegisterBody = z.input<typeof registerBody>

export const loginBody = z.strictObject({
  email,
  password: z.string().min(1).max(200),
  /** True in a browser: an httpOnly cookie and no tokens. */
  session: z.boolean().default(false),
})

export const refreshBody = z.strictObject({ refresh: z.string().min(1).max(200) })
export const logoutBody = z.strictObject({ refresh: z.string().min(1).max(200).optional() })
export const sessionParams = z.strictObject({
  id: z.coerce
    .number()
    .int()
    .positive()
    .max(2 ** 31 - 1),
})

/** The same whether the address was new or not. */
export const registeredJson = z.object({ detail: z.string() })
export type RegisteredJson = z.infer<typeof registeredJson>

/** The viewer's own account; nobody else is shown this. */
export const accountJson = z.object({
  id: z.number().int(),
  email: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  display_name: z.string(),
  phone: z.string().nullable(),
  role: z.enum(roles),
  is_verified: z.boolean(),
  /** Slug of the own channel; null until there is one (`GET /api/channels/me/` makes it). */
  channel: z.string().nullable(),
  created_at: z.iso.datetime(),
})
export type AccountJson = z.infer<typeof accountJson>

/** Answer to `login` with `session: true`. */
export const signedInJson = z.object({ user: accountJson, csrf_token: z.string() })
export type SignedInJson = z.infer<typeof signedInJson>

export const tokensJson = z.object({ access: z.string(), refresh: z.string() })
export type TokensJson = z.infer<typeof tokensJson>

/** Answer to `login` of an API client. */
export const signedInWithTokensJson = tokensJson.extend({ user: accountJson })
export type SignedInWithTokensJson = z.infer<typeof signedInWithTokensJson>

/** `X-CSRF-Token` of every write of a browser; null without a session. */
export const csrfJson = z.object({ csrf_token: z.string().nullable() })
export type CsrfJson = z.infer<typeof csrfJson>

/** One place where the account is signed in. */
export const sessionJson = z.object({
  id: z.number().int(),
  kind: z.enum(['browser', 'client']),
  user_agent: z.string(),
  address: z.string(),
  is_current: z.boolean(),
  created_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
})
export type SessionJson = z.infer<typeof sessionJson>

export function presentAccount(user: User, profile: Profile, channel: string | null): AccountJson {
  return {
    id: user.id,
    email: user.email,
    first_name: user.firstName,
    last_name: user.lastName,
    display_name: profile.displayName,
    phone: user.phone ?? null,
    role: user.role,
    is_verified: user.isVerified,
    channel,
    created_at: user.createdAt.toISOString(),
  }
}

export function presentSession(token: AuthToken, currentFamily: string): SessionJson {
  return {
    id: token.id,
    kind: token.purpose === 'session' ? 'browser' : 'client',
    user_agent: token.userAgent,
    address: token.address,
    is_current: token.family === currentFamily,
    created_at: token.signedInAt.toISOString(),
    last_seen_at: token.lastSeenAt.toISOString(),
    expires_at: token.expiresAt.toISOString(),
  }
}
