import { type PathToken, verifyPathToken } from '../storage/signed-path.ts'

const REMEMBERED = 20_000

/**
 * Tokens that were verified, so that a viewer's ten requests a second cost a look-up and not an HMAC each. Refusals are
 * remembered by nobody: a guesser pays the full price each time. Expiry and revocation are asked on every request.
 */
export class TokenGate {
  readonly #secret: string
  readonly #isRevoked: (token: PathToken) => boolean
  readonly #now: () => number
  /** In order of last use since the last cleaning. */
  readonly #verified = new Map<string, PathToken>()

  constructor(options: { secret: string; isRevoked: (token: PathToken) => boolean; now: () => number }) {
    this.#secret = options.secret
    this.#isRevoked = options.isRevoked
    this.#now = options.now
  }

  /** The token, if it opens exactly this now; else null. */
  check(text: string, kind: PathToken['kind'], id: string): PathToken | null {
    const token = this.#verified.get(text) ?? this.#verify(text)
    if (!token || token.kind !== kind || token.id !== id) return null
    if (token.expiresAt * 1000 <= this.#now() || this.#isRevoked(token)) {
      this.#verified.delete(text)
      return null
    }
    return token
  }

  #verify(text: string): PathToken | null {
    const token = verifyPathToken(text, this.#secret, new Date(this.#now()))
    if (!token) return null
    if (this.#verified.size >= REMEMBERED) {
      // Map keeps insertion order: the first half is the older one. Its viewers are verified once more.
      let drop = REMEMBERED / 2
      for (const key of this.#verified.keys()) {
        if (drop-- <= 0) break
        this.#verified.delete(key)
      }
    }
    // A slice of the URL would keep the whole URL alive.
    this.#verified.set(Buffer.from(text).toString('latin1'), token)
    return token
  }
}
