import { setTimeout as sleep } from 'node:timers/promises'
import { folderPrefix } from './library-path.ts'
import { type Status, statusOf } from './status.ts'
import type { Library } from './upload.ts'
import { duration, size, statusTable } from './words.ts'

const EVERY_MS = 1000
/** The rate is of so long. */
const WINDOW = 10

/**
 * The table of categories while it changes, with the rate and the time left, until everything is in the store.
 *
 * @returns whether it came to that
 */
export async function watch(
  { manifest }: Library,
  prefix: string,
  show: (lines: readonly string[]) => void,
  signal: AbortSignal,
  everyMs = EVERY_MS,
): Promise<boolean> {
  const samples: number[] = []
  for (;;) {
    const status = statusOf(await manifest.rows(folderPrefix(prefix)))
    samples.push(status.total.storedBytes)
    if (samples.length > WINDOW) samples.shift()
    show([...statusTable(status), paceOf(status, samples, everyMs)])
    if (status.total.stored === status.total.files && status.total.files > 0) return true
    await sleep(everyMs, null, { signal }).catch(() => {})
    if (signal.aborted) return false
  }
}

function paceOf({ total }: Status, samples: readonly number[], everyMs: number): string {
  const seconds = ((samples.length - 1) * everyMs) / 1000
  const rate = seconds > 0 ? ((samples.at(-1) ?? 0) - (samples[0] ?? 0)) / seconds : 0
  const left = total.bytes - total.storedBytes
  if (left === 0) return 'Everything is there.'
  return rate > 0 ? `${size(Math.round(rate))}/s, ${duration(left / rate)} left` : `${size(left)} left; nothing moves.`
}
