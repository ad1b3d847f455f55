export { setTimeout as delay } from 'node:timers/promises'

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
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}
