import { setTimeout as sleep } from 'node:timers/promises'

const interruption = new AbortController()

/** Every wait ends with an error from now on, so that all that was started is stopped on the way out. */
export function interrupt(): void {
  interruption.abort(new Error('interrupted'))
}

/** @throws when the bench is interrupted */
export async function delay(ms: number): Promise<void> {
  await sleep(ms, undefined, { signal: interruption.signal })
}

/**
 * Asks until there is an answer.
 *
 * @throws after `timeoutMs`, naming what was waited for
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  { timeoutMs = 30_000, everyMs = 50 } = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer) return answer
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs / 1000} s`)
    await delay(everyMs)
  }
}
