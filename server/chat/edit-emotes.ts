import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import type { Queue } from '../jobs/queue.ts'
import { queueDeletion } from '../library/delete-objects.job.ts'
import { ChatEmote } from './chat-emote.ts'
import { lockRoom } from './edit-room.ts'

const MAX_EMOTES = 50

/**
 * Before its picture is worked on, which is dear.
 *
 * @throws {DomainError} `too_many_entries`
 */
export async function requireSpace(em: EntityManager, room: string, name: string): Promise<void> {
  const others = await em.count(ChatEmote, { room, name: { $ne: name } })
  if (others >= MAX_EMOTES) throw new DomainError('too_many_entries')
}

/**
 * Adds an emote, or gives one another picture; the one before is deleted.
 *
 * @returns it, with the number that pages know the room's emotes by
 * @throws {DomainError} `too_many_entries`
 */
export async function putEmote(
  em: EntityManager,
  queue: Queue,
  room: string,
  by: { id: number },
  { name, picture, isAnimated }: { name: string; picture: string; isAnimated: boolean },
): Promise<{ emote: ChatEmote; version: number }> {
  return em.transactional(async (tx) => {
    // One at a time in a room: fifty at once are fifty at most.
    const row = await lockRoom(tx, room)
    await requireSpace(tx, room, name)
    const before = await tx.findOne(ChatEmote, { room, name })
    if (before) await queueDeletion(queue, tx, [before.picture])
    const emote = before ?? tx.create(ChatEmote, { room, name, picture, isAnimated })
    Object.assign(emote, { picture, isAnimated, by: tx.getReference(User, by.id) })
    row.emotesVersion += 1
    writeAudit(tx, { actor: by.id, action: 'chat.emote', object: `room:${room}`, details: { name } })
    await tx.flush()
    return { emote, version: row.emotesVersion }
  })
}

/** @throws {DomainError} `emote_not_found` */
export async function deleteEmote(
  em: EntityManager,
  queue: Queue,
  room: string,
  by: { id: number },
  name: string,
): Promise<number> {
  return em.transactional(async (tx) => {
    const row = await lockRoom(tx, room)
    const emote = await tx.findOne(ChatEmote, { room, name })
    if (!emote) throw new DomainError('emote_not_found')
    await queueDeletion(queue, tx, [emote.picture])
    tx.remove(emote)
    row.emotesVersion += 1
    writeAudit(tx, { actor: by.id, action: 'chat.emote_delete', object: `room:${room}`, details: { name } })
    await tx.flush()
    return row.emotesVersion
  })
}
