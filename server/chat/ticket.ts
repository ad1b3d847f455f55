import { randomBytes } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { secretKey } from '../secret-key.ts'

const AUDIENCE = 'chat'
const lifetimes = { ticket: 60, resume: 600 } as const
type Kind = keyof typeof lifetimes
const types: Record<Kind, string> = { ticket: 'chat-ticket+jwt', resume: 'chat-resume+jwt' }

/** Who is on the other end of a connection. */
export interface ChatPerson {
  /** `u:<account>` or `g:<guest>`; opaque to others. */
  uid: string
  /** Empty for a guest, who writes nothing. */
  name: string
  /** Address of their picture. */
  avatar?: string | undefined
  /** The sign-in behind it; null for a guest. Ends with it. */
  family: string | null
  /** Seconds since 1970; the connection does not outlive it. */
  sessionEndsAt: number
}

export interface ChatTicket extends ChatPerson {
  /** Of a ticket, which opens one connection. */
  jti: string
  kind: Kind
  /** Seconds since 1970: when the platform said who they are, which no resume token makes later. */
  issuedAt: number
}

/**
 * For a minute, to open a connection; or for ten, to open the next one without asking the api.
 *
 * @param person of a resume token: whose connection it is, with the time of the ticket that opened the first one
 */
export function signChatTicket(
  person: ChatPerson & { issuedAt?: number },
  kind: Kind,
  secret: string,
  nowMs = Date.now(),
): string {
  const iat = Math.floor(nowMs / 1000)
  return jwt.sign(
    {
      name: person.name,
      av: person.avatar,
      fam: person.family,
      sx: person.sessionEndsAt,
      at: person.issuedAt ?? iat,
      iat,
      exp: iat + lifetimes[kind],
    },
    secretKey(secret),
    {
      algorithm: 'HS256',
      audience: AUDIENCE,
      subject: person.uid,
      jwtid: randomBytes(12).toString('base64url'),
      header: { alg: 'HS256', typ: types[kind] },
    },
  )
}

/** Null when it is not ours, was edited, has expired, or was made for another purpose. The algorithm is ours to say. */
export function verifyChatTicket(token: string, secret: string, nowMs = Date.now()): ChatTicket | null {
  try {
    const { header, payload } = jwt.verify(token, secretKey(secret), {
      algorithms: ['HS256'],
      audience: AUDIENCE,
      complete: true,
      clockTimestamp: Math.floor(nowMs / 1000),
    })
    const kind = (Object.keys(types) as Kind[]).find((each) => types[each] === header.typ)
    if (!kind || typeof payload === 'string') return null
    const { sub, name, av, fam, sx, at, jti, iat } = payload as Record<string, unknown>
    if (
      typeof sub !== 'string' ||
      !/^[ug]:[\w-]{1,40}$/.test(sub) ||
      typeof name !== 'string' ||
      typeof sx !== 'number' ||
      typeof jti !== 'string' ||
      typeof iat !== 'number'
    )
      return null
    if (sx * 1000 <= nowMs) return null
    return {
      uid: sub,
      name,
      ...(typeof av === 'string' ? { avatar: av } : {}),
      family: typeof fam === 'string' ? fam : null,
      sessionEndsAt: sx,
      jti,
      kind,
      issuedAt: typeof at === 'number' ? Math.min(at, iat) : iat,
    }
  } catch {
    return null
  }
}
