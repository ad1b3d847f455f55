import { createHmac, timingSafeEqual } from 'node:crypto'

/** What a path token says. It opens one thing for one subject and nothing else. */
export interface PathToken {
  kind: 'broadcast' | 'recording' | 'video'
  /** The broadcast's, recording's or video's id. */
  id: string
  /** Whom it was given to: `u<user id>s<session>`, `u<user id>` or `g<guest id>`. */
  subject: string
  /** The enrollment behind it, when one is needed. */
  enrollment: number | null
  /** Seconds since 1970. */
  issuedAt: number
  expiresAt: number
}

const kinds = { b: 'broadcast', r: 'recording', v: 'video' } as const
const letters = { broadcast: 'b', recording: 'r', video: 'v' } as const
const shape = /^([brv])\.([0-9a-f]{24})\.([ug][0-9A-Za-z]{1,32})\.(\d{0,12})\.(\d{10})\.(\d{10})$/
const MAC_LENGTH = 32 // base64url of 24 bytes

/** The token as one path part: every character is unreserved, so no URL parser changes it. */
export function signPathToken(token: PathToken, secret: string): string {
  const text = [
    letters[token.kind],
    token.id,
    token.subject,
    token.enrollment ?? '',
    token.issuedAt,
    token.expiresAt,
  ].join('.')
  if (!shape.test(text)) throw new TypeError('a path token with fields of the wrong form')
  return `${text}.${mac(text, secret)}`
}

/** Null when the text is no token of ours, was edited or has expired: the caller cannot tell which, nor can a guesser. */
export function verifyPathToken(text: string, secret: string, now: Date): PathToken | null {
  const body = text.slice(0, -MAC_LENGTH - 1)
  const match = shape.exec(body)
  if (!match || text.length > 200) return null
  if (!timingSafeEqual(digest(text, secret), digest(`${body}.${mac(body, secret)}`, secret))) return null
  const [, letter, id = '', subject = '', enrollment, issuedAt, expiresAt] = match
  if (Number(expiresAt) * 1000 <= now.getTime()) return null
  return {
    kind: kinds[letter as keyof typeof kinds],
    id,
    subject,
    enrollment: enrollment ? Number(enrollment) : null,
    issuedAt: Number(issuedAt),
    expiresAt: Number(expiresAt),
  }
}

function mac(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url').slice(0, MAC_LENGTH)
}

/** Equal lengths for timingSafeEqual, whatever was sent. */
function digest(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}
