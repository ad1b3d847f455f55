import type { Connection } from './connection.ts'
import { deedOf } from './deeds.ts'
import type { HubRooms } from './hub-rooms.ts'
import { type ModFrame, type ModOperation, type Rank, ranks } from './protocol.ts'

/**
 * What a moderator does to a room, as `deeds.ts` says. The rank is asked anew each time: who was demoted a moment ago may no
 * longer.
 */
export async function moderate(hub: HubRooms, connection: Connection, frame: ModFrame): Promise<void> {
  const { room, cid } = frame
  const { person, account } = connection
  const refuse = (code: 'forbidden' | 'bad_field') => connection.refuse(code, { cid, room })
  const place = account && !connection.isReadOnly ? await hub.host.place(room, account) : null
  const isOwn = frame.op === 'del' && place !== null && (await isOwnLine(hub, room, frame.s, person.uid))
  if (!place || (place.rank < ranks.moderator && !isOwn)) return refuse('forbidden')
  if ('uid' in frame) {
    const target = frame.uid.startsWith('u:') ? await hub.host.place(room, frame.uid) : null
    if (!mayAct(place, target)) return refuse('forbidden')
  }
  const operation = operationOf(frame)
  const deed = deedOf(room, operation, person)
  if (!deed) return refuse('bad_field')
  // Read from Redis, or brought to it: what is set must be known before it is changed.
  await hub.open(room)
  const by = person.uid
  const done = await hub.store.append(room, deed.line, deed.effects, { by, operation }, { by, cid })
  if (!done) return refuse('bad_field')
  hub.wasWritten(room)
  if ('uid' in frame) await hub.placeChanged(room, frame.uid)
  connection.tell({ t: 'ack', cid, room, e: done.epoch, s: done.s })
}

/** Nobody is silenced by who stands no higher. */
export function mayAct(by: { rank: Rank }, target: { rank: Rank } | null): boolean {
  return !target || target.rank < ranks.moderator || target.rank < by.rank
}

/** Without what belongs to the transport. */
function operationOf({ t: _t, room: _room, cid: _cid, ...operation }: ModFrame): ModOperation {
  return operation as ModOperation
}

/** People take back what they wrote themselves. */
async function isOwnLine(hub: HubRooms, room: string, s: number, uid: string): Promise<boolean> {
  const [line] = await hub.store.range(room, s, s + 1)
  return line?.k === 'msg' && line.u === uid
}
