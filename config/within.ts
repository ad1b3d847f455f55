import { setTimeout as delay } from 'node:timers/promises'

/** Waits for it, but not for ever, and leaves no timer behind. */
export async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const stop = new AbortController()
  await Promise.race([work, delay(ms, undefined, { signal: stop.signal }).catch(() => {})]).finally(() => stop.abort())
}
