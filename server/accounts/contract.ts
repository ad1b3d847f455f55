import { z } from 'zod'
import type { AuthToken } from './auth-token.ts'
import { isCommonPassword } from './common-passwords.ts'
import type { Profile } from './profile.ts'
import { roles } from './roles.ts'
import type { User } from './user.ts'

const email = z.string().trim().toLowerCase().max(254).pipe(z.email())
/** One that somebody chooses. */
const newPassword = z
  .string()
  .min(10)
  .max(200)
  .superRefine((password, { addIssue }) => {
    if (isCommonPassword(password)) addIssue({ code: 'custom', params: { code: 'password_common' } })
  })

export const personName = z
  .string()
  .trim()
  .min(1)
  .max(50)
  // Control characters end up in mail headers and logs.
  .regex(/^\P{C}+$/u)

/** E.164, with or without the plus. */
export const phone = z
  .string()
  .max(16)
  .regex(/^\+?[1-9]\d{7,14}$/)

export const registerBody = z.strictObject({
  email,
  password: newPassword,
  first_name: personName,
  last_name: personName,
  phone: phone.nullish(),
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

const mailedToken = z.string().trim().min(1).max(100)
export const verifyBody = z.strictObject({ token: mailedToken })
/** Signed in, one's own address is meant. */
export const resendBody = z.strictObject({ email: email.optional() })
/** `email` alone to ask for the mail, or `token` and `new_password` with what stands in it. */
export const resetBody = z
  .strictObject({ email: email.optional(), token: mailedToken.optional(), new_password: newPassword.optional() })
  .superRefine(({ email, token, new_password }, { addIssue }) => {
    const missing = (path: string) => addIssue({ code: 'invalid_type', expected: 'string', path: [path] })
    if (token === undefined && new_password === undefined) {
      if (email === undefined) missing('email')
      return
    }
    if (email !== undefined) addIssue({ code: 'unrecognized_keys', keys: ['email'] })
    if (token === undefined) missing('token')
    if (new_password === undefined) missing('new_password')
  })
export const resetConfirmBody = z.strictObject({ token: mailedToken, new_password: newPassword })
export const changePasswordBody = z.strictObject({
  current_password: z.string().min(1).max(200),
  new_password: newPassword,
})
export const deleteAccountBody = z.strictObject({ password: z.string().min(1).max(200) })

/** A sentence for the person. */
export const detailJson = z.object({ detail: z.string() })
export type DetailJson = z.infer<typeof detailJson>

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
  /** Of the mails to this account. */
  language: z.enum(['ru', 'en']),
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
    language: user.language,
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
