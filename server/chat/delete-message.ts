import { writeAudit } from '../admin/audit-log.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { ChatMessage } from './chat-message.ts'
import { ranks } from './protocol.ts'
import type { Doer } from './require-room.ts'
import type { RoomDesk } from './room-desk.ts'

/**
 * Takes a message away for everybody: its author may, and who moderates. Nothing of what it said is kept anywhere.
 *
 * @throws {DomainError} `message_not_found`, `forbidden`, `chat_unavailable`
 */
export async function deleteMessage(
  em: EntityManager,
  desk: RoomDesk,
  room: string,
  by: Doer,
  messageId: number,
): Promise<void> {
  const message = await em.findOne(ChatMessage, { id: messageId, room, deletedAt: null })
  if (!message) throw new DomainError('message_not_found')
  if (by.place.rank < ranks.moderator && message.author?.id !== by.id) throw new DomainError('forbidden')
  const { epoch, seq } = message
  if (epoch === (await desk.epoch(room))) return desk.act(em, room, by, [{ op: 'del', s: seq }])
  // Of an earlier numbering, which no page and no hub has any more.
  await em.transactional(async (tx) => {
    await tx.nativeUpdate(ChatMessage, { id: messageId }, { text: '', deletedAt: new Date() })
    writeAudit(tx, { actor: by.id, action: 'chat.del', object: `room:${room}`, details: { s: seq, epoch } })
  })
}
