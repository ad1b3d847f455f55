import { createHmac } from 'node:crypto'
import { type IncomingHttpHeaders, request } from 'node:http'
import { LockMode } from '@mikro-orm/core'
import { z } from 'zod'
import { newId } from '../db/base.ts'
import type { EntityManager, Orm } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { isSame } from '../http/session-cookie.ts'
import type {
  Checkout,
  Happening,
  OpenedCheckout,
  PaymentProvider,
  ProviderEvent,
  RefundAnswer,
  RefundRequest,
} from './provider.ts'
import { SandboxSession } from './sandbox-session.ts'

/** What is signed is good for this long, so that what was overheard once is not sent again. */
const TOLERANCE_SECONDS = 300
const TIMEOUT_MS = 5000

const reference = { transactionId: z.string(), providerPaymentId: z.string() }
const happening = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('paid'),
    ...reference,
    sessionId: z.string(),
    amount: z.int(),
    currency: z.string(),
    method: z.string(),
  }),
  z.object({ kind: z.enum(['failed', 'expired']), ...reference }),
  z.object({ kind: z.literal('refunded'), ...reference, refund: z.object({ id: z.string(), amount: z.int() }) }),
])
const signedEvent = z.object({ id: z.string().min(1), type: z.string(), happening })

export interface SandboxOptions {
  orm: Orm
  secret: string
  publicUrl: string
  /** Where our own api is reached: `http://host:port` or `unix:/path`. */
  apiUrl: string
}

/**
 * A provider without money, so that a whole purchase can be tried: it has books and a page of its own, and tells what
 * happened by signed webhooks, as a real one does.
 */
export class SandboxProvider implements PaymentProvider {
  readonly name = 'sandbox'
  readonly #orm: Orm
  readonly #secret: string
  readonly #publicUrl: string
  readonly #apiUrl: string

  constructor({ orm, secret, publicUrl, apiUrl }: SandboxOptions) {
    this.#orm = orm
    this.#secret = secret
    this.#publicUrl = publicUrl
    this.#apiUrl = apiUrl
  }

  async createCheckout({
    transactionId,
    title,
    amount,
    currency,
    returnUrl,
    expiresAt,
  }: Checkout): Promise<OpenedCheckout> {
    const em = this.#orm.em.fork()
    await em.upsert(
      SandboxSession,
      {
        ...{ id: newId(), transactionId, title, amount, currency, returnUrl, expiresAt },
        ...{ createdAt: new Date(), updatedAt: new Date() },
      },
      { onConflictFields: ['transactionId'], onConflictAction: 'ignore' },
    )
    const { id } = await em.findOneOrFail(SandboxSession, { transactionId })
    return { sessionId: id, url: new URL(`/api/payments/sandbox/${id}/`, this.#publicUrl).href }
  }

  async retrieve(sessionId: string): Promise<Happening | null> {
    const session = await this.#orm.em.fork().findOne(SandboxSession, { id: sessionId })
    return session && happeningOf(session)
  }

  async refund({ transactionId, amount, idempotencyKey }: RefundRequest): Promise<RefundAnswer> {
    return this.#orm.em.fork().transactional(async (tx) => {
      const session = await lock(tx, { transactionId })
      const known = session?.refunds[idempotencyKey]
      if (known) return { refundId: known.id, status: 'succeeded' }
      if (session?.status !== 'paid' || session.refunded + amount > session.amount) {
        return { refundId: '', status: 'failed' }
      }
      const id = `re_${newId()}`
      session.refunded += amount
      session.refunds = { ...session.refunds, [idempotencyKey]: { id, amount } }
      return { refundId: id, status: 'succeeded' }
    })
  }

  parseWebhook(rawBody: string, headers: IncomingHttpHeaders): ProviderEvent {
    const [, time, signature] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(String(headers['x-sandbox-signature'])) ?? []
    if (!time || !signature || !isSame(signature, this.#signature(time, rawBody)))
      throw new DomainError('webhook_refused')
    if (Math.abs(Date.now() / 1000 - Number(time)) > TOLERANCE_SECONDS) throw new DomainError('webhook_refused')
    const event = signedEvent.safeParse(JSON.parse(rawBody))
    if (!event.success) throw new DomainError('webhook_refused', {}, { cause: event.error })
    return { ...event.data, payload: event.data }
  }

  /** What the page shows. */
  async find(sessionId: string): Promise<SandboxSession | null> {
    return this.#orm.em.fork().findOne(SandboxSession, { id: sessionId })
  }

  /**
   * The learner's choice on the page; the first one counts. Null when there is no such session.
   *
   * @returns what is to be told to our own webhook
   */
  async decide(sessionId: string, status: 'paid' | 'failed' | 'expired'): Promise<SandboxSession | null> {
    return this.#orm.em.fork().transactional(async (tx) => {
      const session = await lock(tx, { id: sessionId })
      if (session?.status === 'open') session.status = session.expiresAt < new Date() ? 'expired' : status
      return session
    })
  }

  /** The event of what has become of a session; its id is always the same, so telling it twice counts once. */
  eventOf(session: SandboxSession): string | null {
    const happening = happeningOf(session)
    if (!happening) return null
    return JSON.stringify({ id: `evt_${session.id}_${happening.kind}`, type: `session.${happening.kind}`, happening })
  }

  sign(rawBody: string, now: Date = new Date()): string {
    const time = String(Math.floor(now.getTime() / 1000))
    return `t=${time},v1=${this.#signature(time, rawBody)}`
  }

  /** @throws {Error} unless our own api took it */
  async deliver(rawBody: string): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<number>()
    const call = request({
      ...targetOf(this.#apiUrl),
      method: 'POST',
      path: '/api/payments/webhooks/sandbox/',
      headers: {
        host: new URL(this.#publicUrl).host,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(rawBody),
        'x-sandbox-signature': this.sign(rawBody),
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    call.on('error', reject)
    call.on('response', (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    call.end(rawBody)
    const status = await promise
    if (status !== 200) throw new Error(`the webhook answered ${status}`)
  }

  #signature(time: string, rawBody: string): string {
    return createHmac('sha256', this.#secret).update(`sandbox:${time}.${rawBody}`).digest('hex')
  }
}

function happeningOf({ id, status, transactionId, amount, currency }: SandboxSession): Happening | null {
  const which = { transactionId, providerPaymentId: `pi_${id}` }
  if (status === 'open') return null
  if (status !== 'paid') return { kind: status, ...which }
  return { kind: 'paid', ...which, sessionId: id, amount, currency, method: 'sandbox' }
}

async function lock(
  tx: EntityManager,
  which: { id: string } | { transactionId: string },
): Promise<SandboxSession | null> {
  return tx.findOne(SandboxSession, which, { lockMode: LockMode.PESSIMISTIC_WRITE })
}

function targetOf(base: string): { socketPath: string } | { hostname: string; port: string } {
  if (base.startsWith('unix:')) return { socketPath: base.replace(/^unix:(\/\/)?/, '') }
  const { hostname, port } = new URL(base)
  return { hostname, port }
}
