import { ObjectStoreError } from '../../media/storage/object-store.ts'
import { type ChatStores, writeChat } from './write-chat.ts'

/**
 * Writes the chats of recordings that are due: their show was closed and uploaded, or a message was changed. One that fails
 * stays due, and the next run tries it again.
 */
export async function writeDueChats(stores: ChatStores): Promise<void> {
  const due = await stores.orm.em
    .fork()
    .execute<{ id: string }[]>(
      `select id from recording where chat_due_at <= now() and status = 'ready' and node is null order by chat_due_at`,
    )
  for (const { id } of due) {
    try {
      await writeChat(stores, id)
    } catch (error) {
      stores.log.warn({ error, recording: id }, 'the chat of a recording could not be written')
      // Nor could the others be.
      if (!stores.redis.isReady || (error instanceof ObjectStoreError && error.code !== 'mismatch')) return
    }
  }
}
