import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Context as KoaContext } from 'koa'
import { isSecure } from './address.ts'

const GUEST_SECONDS = 30 * 24 * 3600

/** A browser binds a `__Host-` cookie to this host and to TLS; over plain HTTP it would refuse one. */
function nameOf(name: string, secure: boolean): string {
  return secure ? `__Host-${name}` : name
}

/** Cookies of the one origin: the session's, and that of a guest who only watches. */
export class Cookies {
  readonly #publicUrl: string
  readonly #secret: string

  constructor(publicUrl: string, secret: string) {
    this.#publicUrl = publicUrl
    this.#secret = secret
  }

  readSession(ctx: KoaContext): string | null {
    return ctx.cookies.get(nameOf('ustat_session', isSecure(ctx.req, this.#publicUrl))) || null
  }

  writeSession(ctx: KoaContext, token: string, expiresAt: Date): void {
    this.#write(ctx, 'ustat_session', token, Math.floor((expiresAt.getTime() - Date.now()) / 1000))
  }

  clearSession(ctx: KoaContext): void {
    this.#write(ctx, 'ustat_session', '', 0)
  }

  /** Who watches without an account: 22 letters and digits that only we can have made. Sets the cookie when there is none. */
  guest(ctx: KoaContext): string {
    const sent = ctx.cookies.get(nameOf('ustat_guest', isSecure(ctx.req, this.#publicUrl))) ?? ''
    const [known = '', mac = ''] = sent.split('.')
    if (/^[0-9a-f]{22}$/.test(known) && isSame(mac, this.#mac(known))) return known
    const id = randomBytes(11).toString('hex')
    this.#write(ctx, 'ustat_guest', `${id}.${this.#mac(id)}`, GUEST_SECONDS)
    return id
  }

  #mac(id: string): string {
    return createHmac('sha256', this.#secret).update(`guest:${id}`).digest('base64url').slice(0, 22)
  }

  #write(ctx: KoaContext, name: string, value: string, maxAgeSeconds: number): void {
    const secure = isSecure(ctx.req, this.#publicUrl)
    ctx.append(
      'Set-Cookie',
      `${nameOf(name, secure)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`,
    )
  }
}

/** Compared in a time that tells nothing. */
export function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
