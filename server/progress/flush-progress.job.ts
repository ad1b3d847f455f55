import type { Context } from '../context.ts'
import { BufferAway } from './progress-buffer.ts'
import { saveProgress } from './save-progress.ts'

/** Rows of one transaction. */
const BATCH = 500
/** Of one run: what is left comes with the next one. */
const MOST_BATCHES = 40

/** Saves what heartbeats have left in Redis; what fails to be saved is tried again by the next run. */
export async function flushProgress({
  orm,
  progress,
  log,
}: Pick<Context, 'orm' | 'progress' | 'log'>): Promise<{ saved: number }> {
  let saved = 0
  try {
    for (let batches = 0; batches < MOST_BATCHES; batches += 1) {
      const batch = await progress.unsaved(BATCH)
      if (batch.length === 0) break
      await orm.em.fork().transactional((tx) => saveProgress(tx, batch))
      await progress.markSaved(batch)
      saved += batch.length
      if (batch.length < BATCH) break
    }
  } catch (error) {
    if (!(error instanceof BufferAway)) throw error
    log.warn({ error }, 'progress cannot be read from Redis; it is saved once that is back')
  }
  return { saved }
}
