import { LockMode } from '@mikro-orm/core'
import { writeAudit } from '../admin/audit-log.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { ChatRoom } from './chat-room.ts'
import { MAX_TERMS, type RoomPatch } from './contract.ts'
import type { ModOperation, RoomSettings } from './protocol.ts'

/** What a moderator would do over a hub to the same end; nothing that is so already. */
export function operationsOf(patch: RoomPatch, now: RoomSettings): ModOperation[] {
  const { slow, mode, frozen, notices } = patch
  const operations: ModOperation[] = []
  if (slow !== undefined && slow !== now.slow) operations.push({ op: 'slow', sec: slow })
  if (mode !== undefined && mode !== now.mode) operations.push({ op: 'mode', mode })
  if (frozen !== undefined && frozen !== now.frozen) operations.push({ op: 'freeze', on: frozen })
  if (notices !== undefined && notices !== now.notices) operations.push({ op: 'notices', who: notices })
  return operations
}

/** The room's row, made when it has none, and nobody else's until the transaction ends. */
export async function lockRoom(tx: EntityManager, room: string): Promise<ChatRoom> {
  await tx.execute('insert into chat_room (id, created_at) values (?, now()) on conflict do nothing', [room])
  return tx.findOneOrFail(ChatRoom, { id: room }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
}

/**
 * Changes the blocked terms by what they are by then: two moderators at once lose neither's.
 *
 * @throws {DomainError} `too_many_entries`
 */
export async function editTerms(
  em: EntityManager,
  room: string,
  by: { id: number },
  change: (terms: readonly string[]) => readonly string[],
): Promise<string[]> {
  return em.transactional(async (tx) => {
    const row = await lockRoom(tx, room)
    const before = row.blockedTerms
    const after = [...new Set(change(before))]
    if (after.length > MAX_TERMS) throw new DomainError('too_many_entries')
    const added = after.filter((term) => !before.includes(term))
    const removed = before.filter((term) => !after.includes(term))
    if (added.length === 0 && removed.length === 0) return before
    row.blockedTerms = after
    const object = `room:${room}`
    writeAudit(tx, { actor: by.id, action: 'chat.terms', object, details: { added, removed } })
    await tx.flush()
    return after
  })
}
