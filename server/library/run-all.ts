/**
 * So many at a time, in order. The first to throw stops the others, by their signal, and is thrown once all have ended.
 */
export async function runAll<T>(
  items: readonly T[],
  concurrency: number,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const signals = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  let next = 0
  const failures: unknown[] = []
  const lane = async () => {
    while (next < items.length && !signals.aborted) {
      const item = items[next++] as T
      try {
        await work(item, signals)
      } catch (error) {
        failures.push(error)
        stop.abort()
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, items.length)) }, lane))
  signal?.throwIfAborted()
  if (failures.length > 0) throw failures[0]
}
