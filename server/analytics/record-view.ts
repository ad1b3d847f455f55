import { createHmac } from 'node:crypto'
import { isIPv6 } from 'node:net'
import { isbot } from 'isbot'
import type { Context as KoaContext } from 'koa'
import type { Viewer } from '../accounts/viewer.ts'
import type { Context } from '../context.ts'

/** Views on their way to the database. */
export const VIEWS = 'analytics:views'
/** More than an hour of a busy day; while nobody takes them out, the oldest go. */
const MOST_WAITING = 100_000
const BUCKET_MS = 30 * 60_000

/** One look at a course's page, as it waits in Redis. */
export interface PendingView {
  course: number
  user: number | null
  visitor: string
  network: string | null
  agent: string
  bucket: number
  at: string
}

/**
 * Notes that somebody looks at the page of a course. The request neither waits for it nor fails with it: while Redis is
 * away views go uncounted. Programs are left out here, staff of the course when it is saved.
 */
export function recordCourseView(
  { redis, config, log }: Pick<Context, 'redis' | 'config' | 'log'>,
  ctx: Pick<KoaContext, 'method' | 'get'> & { state: { address: string } },
  course: number,
  viewer: Pick<Viewer, 'id'> | null,
  now = new Date(),
): void {
  const agent = ctx.get('user-agent')
  // Every browser says what it is.
  if (ctx.method !== 'GET' || agent === '' || isbot(agent) || !redis.isReady) return
  const { address } = ctx.state
  const view: PendingView = {
    course,
    user: viewer?.id ?? null,
    visitor: viewer ? `u${viewer.id}` : guestOf(address, agent, now, config.secrets.token),
    network: networkOf(address),
    agent: [...agent.replace(/\p{C}/gu, '')].slice(0, 500).join(''),
    bucket: Math.floor(now.getTime() / BUCKET_MS),
    at: now.toISOString(),
  }
  const trim = { strategy: 'MAXLEN', strategyModifier: '~', threshold: MOST_WAITING } as const
  redis.xAdd(VIEWS, '*', { view: JSON.stringify(view) }, { TRIM: trim }).catch((error) => {
    log.debug({ error }, 'a view went uncounted')
  })
}

/** The same guest within a day, and nobody whom one could find again on the next. */
function guestOf(address: string, agent: string, now: Date, secret: string): string {
  const day = now.toISOString().slice(0, 10)
  const mac = createHmac('sha256', secret).update(`view\n${day}\n${address}\n${agent}`).digest('hex')
  return `g${mac.slice(0, 32)}`
}

/** Where an address is, without whose it is: /24 of IPv4, /48 of IPv6; null of what is none. */
export function networkOf(address: string): string | null {
  const [, v4] = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3})\.\d{1,3}$/i.exec(address) ?? []
  if (v4) return `${v4}.0/24`
  if (!isIPv6(address)) return null
  const [head = ''] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  // What "::" stands for is zero, and so is what follows the third group.
  const first = [0, 1, 2].map((index) => (groups[index] ? groups[index] : '0'))
  return `${first.join(':')}::/48`
}
