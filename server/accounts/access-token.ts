import jwt from 'jsonwebtoken'
import { secretKey } from '../secret-key.ts'
import type { Viewer } from './viewer.ts'

const LIFETIME_SECONDS = 15 * 60
const AUDIENCE = 'ustat-api'

export interface AccessClaims {
  userId: number
  family: string
  tokenVersion: number
}

/** For API clients only: a browser never holds one. The role is not in it, so a demotion counts at once. */
export function signAccessToken(claims: AccessClaims, secret: string): string {
  return jwt.sign({ fam: claims.family, ver: claims.tokenVersion }, secretKey(secret), {
    algorithm: 'HS256',
    subject: String(claims.userId),
    audience: AUDIENCE,
    expiresIn: LIFETIME_SECONDS,
  })
}

/** Null when it is not ours, was edited or has expired. The algorithm is ours to say, never the token's. */
export function verifyAccessToken(token: string, secret: string): AccessClaims | null {
  try {
    const claims = jwt.verify(token, secretKey(secret), { algorithms: ['HS256'], audience: AUDIENCE })
    if (typeof claims === 'string') return null
    const { sub, fam, ver } = claims as { sub?: unknown; fam?: unknown; ver?: unknown }
    if (typeof sub !== 'string' || typeof fam !== 'string' || typeof ver !== 'number') return null
    return { userId: Number(sub), family: fam, tokenVersion: ver }
  } catch {
    return null
  }
}

/** Whether the account still stands behind the token. */
export function isCurrent(claims: AccessClaims, viewer: Viewer | null): viewer is Viewer {
  return viewer !== null && viewer.id === claims.userId && viewer.tokenVersion === claims.tokenVersion
}
