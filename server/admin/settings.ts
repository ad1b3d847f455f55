import { z } from 'zod'
import type { EntityManager, Orm } from '../db/orm.ts'
import type { Logger } from '../logger.ts'
import type { RedisClient } from '../redis.ts'
import { writeAudit } from './audit-log.ts'
import { Setting } from './setting.ts'

/** A time zone that this Node knows, so that a report's days can be cut by it. */
const timeZone = z
  .string()
  .max(60)
  .refine((name) => isTimeZone(name), 'Not a time zone.')

/** Every setting, with what it may be. */
export const settingsSchema = z.strictObject({
  /** Whether anybody may make an account. */
  registration_open: z.boolean(),
  /** Whether one must have confirmed the address to enroll, to buy and to submit a course. */
  email_verification_required: z.boolean(),
  /** How long a learner may take a purchase back alone; 0 for not at all. */
  refund_days: z.int().min(0).max(365),
  /** From this percent of progress on, not any more. */
  refund_max_progress: z.int().min(0).max(100),
  /** Of courses, as in `ru` or `pt-BR`. */
  languages: z
    .array(z.string().regex(/^[a-z]{2,3}(-[A-Za-z]{2,4})?$/))
    .min(1)
    .max(50),
  /** ISO 4217. */
  currencies: z
    .array(z.string().regex(/^[A-Z]{3}$/))
    .min(1)
    .max(50),
  /** Where a day of the books begins and ends. */
  business_timezone: timeZone,
  /** How much of a video must have been watched for its lesson to be completed. */
  video_completion_percent: z.int().min(50).max(100),
  /** The largest file that is taken. */
  video_max_gb: z.int().min(1).max(100),
  /** What one person's videos may take, originals and all. */
  video_quota_gb: z.int().min(1).max(100_000),
  /** Whether the uploaded file itself is kept. */
  video_keep_original: z.boolean(),
})
export type SettingValues = z.infer<typeof settingsSchema>
export type SettingName = keyof SettingValues

export const defaultSettings: SettingValues = {
  registration_open: true,
  email_verification_required: true,
  refund_days: 0,
  refund_max_progress: 30,
  languages: ['ru', 'en'],
  currencies: ['RUB', 'USD', 'EUR'],
  business_timezone: 'Europe/Moscow',
  video_completion_percent: 90,
  video_max_gb: 10,
  video_quota_gb: 50,
  video_keep_original: true,
}

const CHANNEL = 'settings'
/** Without Redis to say that something changed, it is noticed this late. */
const OLD_AFTER_MS = 30_000
/** Any number: whoever changes settings takes turns. */
const LOCK = 0x736574

/**
 * The system's settings, remembered by each process.
 *
 *   change() ──▶ PostgreSQL, audit log ──▶ own memory, and a message to every process ──▶ their memory
 *
 * `get` asks memory alone; a process that misses the message knows after 30 s.
 */
export class Settings implements AsyncDisposable {
  readonly #orm: Orm
  readonly #redis: RedisClient
  readonly #subscriber: RedisClient
  readonly #log: Logger
  #values: SettingValues = defaultSettings
  #readAt = 0
  #reading: Promise<void> = Promise.resolve()

  /** @param redis connected or connecting; stays the caller's to close */
  constructor(orm: Orm, redis: RedisClient, log: Logger) {
    this.#orm = orm
    this.#redis = redis
    this.#log = log
    this.#subscriber = redis.duplicate()
    // Without a listener an `error` event ends the process; the client reconnects by itself.
    this.#subscriber.on('error', () => {})
    this.#subscriber.on('ready', () => void this.reload())
  }

  /** Resolves with what the database says; the message of a change is waited for in the background. */
  async start(): Promise<void> {
    this.#subscriber
      .connect()
      .then(() => this.#subscriber.subscribe(CHANNEL, () => void this.reload()))
      .catch((error) => this.#log.warn({ error }, 'changed settings are not being heard of'))
    await this.reload()
  }

  get<Name extends SettingName>(name: Name): SettingValues[Name] {
    return this.all()[name]
  }

  all(): SettingValues {
    if (performance.now() - this.#readAt > OLD_AFTER_MS) void this.reload()
    return this.#values
  }

  /** Reads them again, after a reading that is under way; what cannot be read stays as it was. */
  reload(): Promise<void> {
    this.#readAt = performance.now()
    this.#reading = this.#reading
      .then(() => this.#read())
      .catch((error) => this.#log.warn({ error }, 'settings could not be read'))
    return this.#reading
  }

  /** What differs is written, with an audit line of what it was and is. In force here at once. */
  async change(
    em: EntityManager,
    changes: Partial<SettingValues>,
    by: { actor: number | null; address?: string },
  ): Promise<SettingValues> {
    await em.transactional(async (tx) => {
      await tx.execute('select pg_advisory_xact_lock(?)', [LOCK])
      const rows = await tx.find(Setting, {}, { refresh: true })
      const known = valuesOf(rows)
      const differing = (Object.keys(changes) as SettingName[]).filter(
        (name) => changes[name] !== undefined && JSON.stringify(changes[name]) !== JSON.stringify(known[name]),
      )
      if (differing.length === 0) return
      for (const name of differing) {
        const row = rows.find((candidate) => candidate.name === name)
        if (row) row.value = changes[name]
        else tx.create(Setting, { name, value: changes[name] })
      }
      const details = Object.fromEntries(differing.map((name) => [name, [known[name], changes[name]]]))
      writeAudit(tx, { ...by, action: 'settings.change', object: 'settings', details })
    })
    await this.reload()
    await this.#redis.publish(CHANNEL, 'changed').catch(() => {})
    return this.#values
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reading
    this.#subscriber.destroy()
  }

  async #read(): Promise<void> {
    this.#values = valuesOf(await this.#orm.em.fork().find(Setting, {}))
  }
}

/** A value that an earlier version allowed and this one does not counts as not set. */
function valuesOf(rows: readonly Setting[]): SettingValues {
  const values: Record<string, unknown> = { ...defaultSettings }
  for (const { name, value } of rows) {
    const known = settingsSchema.shape[name as SettingName]?.safeParse(value)
    if (known?.success) values[name] = known.data
  }
  return values as SettingValues
}

/** By name: an offset such as `+03:00` means the opposite to PostgreSQL. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch {
    return false
  }
}
