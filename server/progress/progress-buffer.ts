import { DomainError } from '../errors.ts'
import type { RedisClient } from '../redis.ts'
import type { Length } from './advance.ts'
import type { CompletionRule } from './completion.ts'
import type { ProgressEntry } from './save-progress.ts'

/** What is remembered of a learner in a lesson between two heartbeats. */
export interface Held extends ProgressEntry {
  rule: CompletionRule
  length: Length
  /** When it was last seen that they may learn it, milliseconds since 1970. */
  checkedAt: number
  /** Counts up with each change. */
  revision: number
}

/** Longer than any pause within a lesson; what is held is rebuilt from PostgreSQL anyway. */
const KEPT_SECONDS = 24 * 3600
const UNSAVED = 'progress:unsaved'
/** Redis did not answer; PostgreSQL may. */
export class BufferAway extends Error {
  override readonly name = 'BufferAway'
}

/** Lock-free: of those who change the same at once one always gets through. */
const MOST_TRIES = 200

/** Sets what is held, unless somebody else has changed it meanwhile. */
const swap = `
local held = redis.call('get', KEYS[1])
if (held and cjson.decode(held).revision or 0) ~= tonumber(ARGV[1]) then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3])
redis.call('zadd', KEYS[2], ARGV[4], ARGV[5])
return 1`

/** What was saved is not unsaved any more, unless it has changed since. */
const settle = `
for i = 1, #ARGV, 2 do
  local score = redis.call('zscore', KEYS[1], ARGV[i])
  if score and tonumber(score) <= tonumber(ARGV[i + 1]) then redis.call('zrem', KEYS[1], ARGV[i]) end
end
return 1`

/**
 * Heartbeats in Redis, on their way to PostgreSQL:
 *
 *   heartbeat ──▶ held (per learner and lesson) + unsaved (which of them) ──flush──▶ lesson_progress
 *
 * Guarantees: of parallel heartbeats none is lost; what is unsaved stays so until PostgreSQL has committed it. While Redis
 * is away every method throws `BufferAway`: the caller then writes to PostgreSQL.
 */
export class ProgressBuffer {
  readonly #redis: RedisClient

  constructor(redis: RedisClient) {
    this.#redis = redis
  }

  async read(user: number, lesson: number): Promise<Held | null> {
    const text = await asked(this.#redis.get(keyOf(user, lesson)))
    return text === null ? null : (JSON.parse(text) as Held)
  }

  async readMany(user: number, lessons: readonly number[]): Promise<Held[]> {
    if (lessons.length === 0) return []
    const texts = await asked(this.#redis.mGet(lessons.map((lesson) => keyOf(user, lesson))))
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Held]))
  }

  /**
   * @param change makes the next of what is held now; may run more than once
   * @throws {DomainError} `busy` when others change it all the time
   */
  async change(
    user: number,
    lesson: number,
    change: (held: Held | null) => Promise<Omit<Held, 'revision'>>,
  ): Promise<Held> {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const held = await this.read(user, lesson)
      const revision = held?.revision ?? 0
      const next: Held = { ...(await change(held)), revision: revision + 1 }
      const values = [revision, JSON.stringify(next), KEPT_SECONDS, next.revision, `${user}:${lesson}`]
      const isSet = await asked(
        this.#redis.eval(swap, { keys: [keyOf(user, lesson), UNSAVED], arguments: values.map(String) }),
      )
      if (isSet === 1) return next
    }
    throw new DomainError('busy')
  }

  /** What PostgreSQL does not have yet, the longest untouched first. */
  async unsaved(limit: number): Promise<Held[]> {
    const members = await asked(this.#redis.zRange(UNSAVED, 0, limit - 1))
    if (members.length === 0) return []
    const texts = await asked(this.#redis.mGet(members.map((member) => `progress:${member}`)))
    const gone = members.filter((_, index) => texts[index] === null)
    if (gone.length > 0) await asked(this.#redis.zRem(UNSAVED, gone))
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Held]))
  }

  /** After the commit. */
  async markSaved(saved: readonly Pick<Held, 'user' | 'lesson' | 'revision'>[]): Promise<void> {
    if (saved.length === 0) return
    const values = saved.flatMap(({ user, lesson, revision }) => [`${user}:${lesson}`, String(revision)])
    await asked(this.#redis.eval(settle, { keys: [UNSAVED], arguments: values }))
  }

  /** PostgreSQL was changed past it, and is asked again. */
  async forget(user: number, lesson: number): Promise<void> {
    await asked(this.#redis.multi().del(keyOf(user, lesson)).zRem(UNSAVED, `${user}:${lesson}`).exec())
  }

  /** Whether this learner may make us write to PostgreSQL now: once in 5 s. */
  async mayWrite(user: number): Promise<boolean> {
    const once = { condition: 'NX', expiration: { type: 'EX', value: 5 } } as const
    return (await asked(this.#redis.set(`progress:wrote:${user}`, '1', once))) !== null
  }
}

function keyOf(user: number, lesson: number): string {
  return `progress:${user}:${lesson}`
}

async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw new BufferAway('Redis is away', { cause })
  }
}
