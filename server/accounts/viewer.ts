import { createHash, randomBytes } from 'node:crypto'
import type { Role } from './roles.ts'

/** Who makes a request, as far as a credential says it; remembered in Redis, so it holds no entity. */
export interface Viewer {
  id: number
  role: Role
  isVerified: boolean
  /** The sign-in behind the request: a browser's session or a client's family of tokens. */
  family: string
  kind: 'browser' | 'client'
  tokenVersion: number
  /** Milliseconds since 1970; nothing that is given to this viewer outlives it. */
  expiresAtMs: number
}

/** The subject of this viewer's path tokens. */
export function subjectOf(viewer: Pick<Viewer, 'id' | 'family'>): string {
  return `u${viewer.id}s${viewer.family}`
}

/** 256 random bits for a cookie or a client. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What is kept of such a secret. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

export function newFamily(): string {
  return randomBytes(8).toString('hex')
}
