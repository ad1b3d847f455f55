import type { Middleware } from 'koa'
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible'
import { DomainError } from '../errors.ts'
import type { RedisClient } from '../redis.ts'
import type { RequestState } from './request.ts'

const rules = {
  login_address: { points: 5, duration: 60 },
  login_account: { points: 10, duration: 3600 },
  register: { points: 5, duration: 3600 },
  refresh: { points: 60, duration: 60 },
  /** Mails to one address that somebody asks for: a password's reset, a confirmation. */
  reset_account: { points: 3, duration: 3600 },
  resend_account: { points: 3, duration: 3600 },
  resend_soon: { points: 1, duration: 60 },
  /** Asking whether an address of a page is free. */
  check_url: { points: 30, duration: 60 },
  /** A page's address moves rarely; each move keeps the old one from everybody else. */
  custom_url: { points: 10, duration: 86_400 },
  /** Pictures are work for the processor. */
  avatar: { points: 20, duration: 3600 },
  emote: { points: 100, duration: 3600 },
  /** Forms with files. */
  submission: { points: 30, duration: 3600 },
  /** Places given by address: it says whether an address has an account. */
  grant: { points: 200, duration: 3600 },
  /** Looks of a return page at a payment that is still open; each asks its provider. */
  payment_status: { points: 20, duration: 60 },
  /** Files of visitors are work for a worker, and room. */
  convert: { points: 5, duration: 3600 },
  write: { points: 60, duration: 60 },
  /** Reports are work for a worker, and files. */
  report: { points: 30, duration: 3600 },
  /** Wrong stream keys from one address. */
  publish: { points: 5, duration: 60 },
} as const
export type Limited = keyof typeof rules

/**
 * How often somebody may do something: counted in Redis for all processes, and in memory by each while Redis is away, so
 * that neither a guesser nor a learner profits from an outage.
 */
export class RateLimits {
  readonly #limiters: Record<Limited, RateLimiterRedis>

  /** @param factor multiplies every allowance; tests of other things raise it */
  constructor(redis: RedisClient, factor = 1) {
    const limiter = (name: Limited) =>
      new RateLimiterRedis({
        storeClient: redis,
        useRedisPackage: true,
        keyPrefix: `limit:${name}`,
        points: rules[name].points * factor,
        duration: rules[name].duration,
        insuranceLimiter: new RateLimiterMemory({
          points: rules[name].points * factor,
          duration: rules[name].duration,
        }),
      })
    this.#limiters = Object.fromEntries(
      (Object.keys(rules) as Limited[]).map((name) => [name, limiter(name)]),
    ) as Record<Limited, RateLimiterRedis>
  }

  /** @throws {DomainError} `too_many_requests` with `retry_after` in seconds */
  async take(name: Limited, key: string): Promise<void> {
    try {
      await this.#limiters[name].consume(key)
    } catch (refusal) {
      throw new DomainError('too_many_requests', { retry_after: secondsOf(refusal) })
    }
  }

  /** Gives back what a rightful use took: a person who signs in correctly is no guesser. */
  async giveBack(name: Limited, key: string): Promise<void> {
    await this.#limiters[name].reward(key).catch(() => {})
  }

  /** Seconds until the key may go on, 0 when it may now; takes nothing. */
  async blockedFor(name: Limited, key: string): Promise<number> {
    const state = await this.#limiters[name].get(key).catch(() => null)
    return state && state.remainingPoints <= 0 ? secondsOf(state) : 0
  }
}

/** Their own signature is looked at first, and a provider repeats what is refused. */
const webhooks = /^\/api\/payments\/webhooks\//
/** Every viewer polls it, and it costs next to nothing. */
const channelPage = /^\/api\/channels\/[^/]+\/?$/

/**
 * 60 writes a minute for each viewer, 600 reads. Reads are counted by each process for itself: to ask Redis would cost more
 * than most of them.
 */
export function rateLimited(limits: RateLimits, factor = 1): Middleware<RequestState> {
  const reads = new RateLimiterMemory({ points: 600 * factor, duration: 60 })
  return async (ctx, next) => {
    const who = ctx.state.viewer ? `u${ctx.state.viewer.id}` : ctx.state.address
    const isRead = ctx.method === 'GET' || ctx.method === 'HEAD'
    if (!isRead && !webhooks.test(ctx.path)) await limits.take('write', who)
    else if (isRead && !channelPage.test(ctx.path)) {
      await reads.consume(who).catch((refusal) => {
        throw new DomainError('too_many_requests', { retry_after: secondsOf(refusal) })
      })
    }
    return next()
  }
}

function secondsOf(refusal: unknown): number {
  return Math.max(1, Math.ceil(((refusal as RateLimiterRes).msBeforeNext ?? 1000) / 1000))
}
