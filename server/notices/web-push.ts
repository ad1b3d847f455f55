import type { IncomingMessage } from 'node:http'
import { type Agent, request } from 'node:https'
import webPush from 'web-push'
import type { Config } from '../../config/config.ts'
import { isEndpoint, publicAgent } from './endpoint.ts'

const TIMEOUT_MS = 10_000
const MAX_ANSWER_BYTES = 16 * 1024
const LONGEST_WAIT_SECONDS = 3600

/** What became of a push. */
export type PushOutcome =
  | { kind: 'sent' }
  /** The browser has unsubscribed, or is no more. */
  | { kind: 'gone' }
  /** The service is busy or away; `afterSeconds` when it said so itself. */
  | { kind: 'later'; afterSeconds: number | null }
  /** It will never take this one. */
  | { kind: 'refused'; status: number | null }

export interface PushTarget {
  endpoint: string
  p256dh: string
  auth: string
}

export interface PushMessage {
  payload: string
  /** How long the push service keeps it for a device that is off. */
  ttlSeconds: number
  /** A newer one of the same topic replaces it there: at most 32 of base64url's characters. */
  topic: string
}

/**
 * Sends to push services: RFC 8030, the payload encrypted for the browser alone (RFC 8291), signed as ours (RFC 8292).
 *
 * web-push makes the request; it is sent here, because an answer from an address that a visitor gave us must not fill the
 * memory, lead elsewhere or take for ever.
 */
export class WebPush {
  readonly #vapid: NonNullable<Config['push']>
  readonly #agent: Agent

  /** @param agent instead of one that connects to public addresses alone */
  constructor(vapid: NonNullable<Config['push']>, agent: Agent = publicAgent()) {
    this.#vapid = vapid
    this.#agent = agent
  }

  get publicKey(): string {
    return this.#vapid.publicKey
  }

  async send({ endpoint, p256dh, auth }: PushTarget, message: PushMessage): Promise<PushOutcome> {
    if (!isEndpoint(endpoint)) return { kind: 'refused', status: null }
    const { method, headers, body } = webPush.generateRequestDetails(
      { endpoint, keys: { p256dh, auth } },
      message.payload,
      { vapidDetails: this.#vapid, TTL: message.ttlSeconds, topic: message.topic, urgency: 'normal' },
    )
    return new Promise((resolve) => {
      const later = () => resolve({ kind: 'later', afterSeconds: null })
      const outgoing = request(
        endpoint,
        { method, headers, agent: this.#agent, signal: AbortSignal.timeout(TIMEOUT_MS) },
        (answer) => {
          resolve(outcomeOf(answer.statusCode ?? 0, answer.headers['retry-after']))
          takeAway(answer.on('error', later))
        },
      )
      outgoing.on('error', later)
      outgoing.end(body)
    })
  }

  [Symbol.dispose](): void {
    this.#agent.destroy()
  }
}

/** What it says is of no interest. A short word leaves the connection for the next push, a long one ends it. */
function takeAway(answer: IncomingMessage): void {
  let bytes = 0
  answer.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes > MAX_ANSWER_BYTES) answer.destroy()
  })
}

function outcomeOf(status: number, retryAfter: string | undefined): PushOutcome {
  if (status >= 200 && status < 300) return { kind: 'sent' }
  if (status === 404 || status === 410) return { kind: 'gone' }
  if (status === 429 || status >= 500) return { kind: 'later', afterSeconds: secondsOf(retryAfter) }
  return { kind: 'refused', status }
}

/** Seconds, or a date (RFC 9110, 10.2.3). Nobody makes us wait for days. */
function secondsOf(retryAfter: string | undefined, nowMs = Date.now()): number | null {
  if (!retryAfter) return null
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - nowMs) / 1000
  return Number.isFinite(seconds) ? Math.min(Math.max(Math.ceil(seconds), 1), LONGEST_WAIT_SECONDS) : null
}
