import type { Orm } from '../db/orm.ts'
import { orElse, type RedisClient } from '../redis.ts'
import type { Role } from './roles.ts'
import type { Viewer } from './viewer.ts'

const REMEMBERED_SECONDS = 60
/** Left by a sign-out where a viewer was remembered: a slow reader must not put the viewer back. */
const GONE = 'gone'

interface Row {
  id: number
  role: Role
  is_verified: boolean
  token_version: number
  family: string
  purpose: 'session' | 'refresh'
  expires_at: Date | string
}

/**
 * Turns credentials into viewers. PostgreSQL decides, Redis remembers for 60 s; without Redis every request asks PostgreSQL.
 * A sign-out is seen at once, because it also forgets.
 */
export class Viewers {
  readonly #orm: Orm
  readonly #redis: RedisClient
  /** Sign-outs that Redis was not there to hear of, with when it will have forgotten those viewers by itself. */
  readonly #unsaid = new Map<string, number>()

  constructor(orm: Orm, redis: RedisClient) {
    this.#orm = orm
    this.#redis = redis
    redis.on('ready', () => void this.forget([...this.#unsaid.keys()]))
  }

  /** @param hash of the session cookie */
  async findBySession(hash: string): Promise<Viewer | null> {
    return this.#recall(hash, `t.hash = ? and t.purpose = 'session'`, hash)
  }

  /** @param family of a client's tokens: one of them must still be good */
  async findByFamily(family: string): Promise<Viewer | null> {
    return this.#recall(family, `t.family = ? and t.purpose = 'refresh'`, family)
  }

  /**
   * Holds here at once, and elsewhere as soon as Redis is there.
   *
   * @param keys hashes of sessions, families of tokens
   */
  async forget(keys: readonly string[]): Promise<void> {
    const until = Date.now() + REMEMBERED_SECONDS * 1000
    for (const key of keys) if (!this.#unsaid.has(key)) this.#unsaid.set(key, until)
    await Promise.all(
      keys.map(async (key) => {
        const isSaid = await orElse(this.#redis.set(`viewer:${key}`, GONE, { EX: REMEMBERED_SECONDS }), null)
        if (isSaid || (this.#unsaid.get(key) ?? 0) < Date.now()) this.#unsaid.delete(key)
      }),
    )
  }

  /** Who they are has changed, as when an address is confirmed; they stay signed in. */
  async lookUpAgain(userId: number): Promise<void> {
    const rows = await this.#orm.em.fork().execute<{ family: string; hash: string }[]>(
      `select family, hash from auth_token
        where user_id = ? and purpose in ('session', 'refresh') and revoked_at is null and expires_at > now()`,
      [userId],
    )
    const keys = rows.flatMap(({ family, hash }) => [`viewer:${family}`, `viewer:${hash}`])
    if (keys.length > 0) await orElse(this.#redis.del(keys), null)
  }

  async #recall(key: string, condition: string, value: string): Promise<Viewer | null> {
    if (this.#unsaid.has(key)) return null
    const remembered = await orElse(this.#redis.get(`viewer:${key}`), null)
    if (remembered === GONE) return null
    const viewer = remembered ? (JSON.parse(remembered) as Viewer) : await this.#ask(condition, value)
    if (!viewer || viewer.expiresAtMs <= Date.now()) return null
    if (!remembered) {
      await orElse(
        this.#redis.set(`viewer:${key}`, JSON.stringify(viewer), {
          expiration: { type: 'EX', value: REMEMBERED_SECONDS },
          condition: 'NX',
        }),
        null,
      )
    }
    return viewer
  }

  async #ask(condition: string, value: string): Promise<Viewer | null> {
    const em = this.#orm.em.fork()
    const rows = await em.execute<Row[]>(
      `select u.id, u.role, u.is_verified, u.token_version, t.family, t.purpose, t.expires_at
         from auth_token t join users u on u.id = t.user_id
        where ${condition} and t.used_at is null and t.revoked_at is null and t.expires_at > now()
          and u.is_active and u.deleted_at is null
        order by t.expires_at desc limit 1`,
      [value],
    )
    const row = rows[0]
    if (!row) return null
    await em.execute(
      `update auth_token set last_seen_at = now()
        where family = ? and used_at is null and last_seen_at < now() - interval '10 minutes'`,
      [row.family],
    )
    return {
      id: row.id,
      role: row.role,
      isVerified: row.is_verified,
      tokenVersion: row.token_version,
      family: row.family,
      kind: row.purpose === 'session' ? 'browser' : 'client',
      expiresAtMs: new Date(row.expires_at).getTime(),
    }
  }
}
