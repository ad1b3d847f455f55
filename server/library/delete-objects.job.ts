import type { ObjectStore } from '../../media/storage/object-store.ts'
import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'

/** Removes objects whose rows are gone. Run again it finds less to do. */
export async function deleteObjects(store: ObjectStore, keys: readonly string[]): Promise<void> {
  await store.delete(keys)
}

/** In the transaction that lets go of them: a store that is away delays it, and one that is taken back loses nothing. */
export async function queueDeletion(queue: Queue, tx: EntityManager, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await queue.add('delete-objects', { keys: [...keys] }, { em: tx })
}
