import { User } from '../accounts/user.ts'
import { writeAudit } from '../admin/audit-log.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { ChatModerator } from './chat-moderator.ts'
import { findPlace } from './find-place.ts'

/**
 * Once; again is harmless, also at the same time.
 *
 * @throws {DomainError} `user_not_found`, `not_in_room`
 */
export async function appoint(
  em: EntityManager,
  room: string,
  by: { id: number },
  userId: number,
): Promise<ChatModerator> {
  return em.transactional(async (tx) => {
    const user = await tx.findOne(User, { id: userId })
    if (!user?.maySignIn()) throw new DomainError('user_not_found')
    if (!(await findPlace(tx, room, user))) throw new DomainError('not_in_room')
    const added = await tx.execute(
      `insert into chat_moderator (created_at, updated_at, room, user_id) values (now(), now(), ?, ?)
       on conflict (room, user_id) do nothing returning id`,
      [room, userId],
    )
    if (added.length > 0) {
      writeAudit(tx, { actor: by.id, action: 'chat.appoint', object: `room:${room}`, details: { uid: `u:${userId}` } })
    }
    return tx.findOneOrFail(ChatModerator, { room, user: userId })
  })
}

/** @throws {DomainError} `user_not_found` when they are none */
export async function dismiss(em: EntityManager, room: string, by: { id: number }, userId: number): Promise<void> {
  await em.transactional(async (tx) => {
    const removed = await tx.nativeDelete(ChatModerator, { room, user: userId })
    if (removed === 0) throw new DomainError('user_not_found')
    writeAudit(tx, { actor: by.id, action: 'chat.dismiss', object: `room:${room}`, details: { uid: `u:${userId}` } })
  })
}
