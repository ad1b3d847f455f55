import type { Connection } from './connection.ts'
import type { HubRooms } from './hub-rooms.ts'
import { type ModFrame, type ModOperation, type Rank, type RoomSettings, ranks } from './protocol.ts'
import type { Effect, NewLine } from './room-store.ts'

/**
 * What a moderator does to a room. It is a line like any other, so that every client learns of it in the same order, and
 * it takes effect in the same step. The rank is asked anew each time: who was demoted a moment ago may no longer.
 */
export async function moderate(hub: HubRooms, connection: Connection, frame: ModFrame): Promise<void> {
  const { room, cid } = frame
  const { person, account } = connection
  const refuse = (code: 'forbidden' | 'bad_field') => connection.refuse(code, { cid, room })
  const place = account && !connection.isReadOnly ? await hub.place(room, account) : null
  const isOwn = frame.op === 'del' && place !== null && (await isOwnLine(hub, room, frame.s, person.uid))
  if (!place || (place.rank < ranks.moderator && !isOwn)) return refuse('forbidden')
  if ('uid' in frame) {
    const target: { rank: Rank } | null = frame.uid.startsWith('u:') ? await hub.place(room, frame.uid) : null
    // Nobody is silenced by who stands no higher.
    if (target && target.rank >= place.rank && target.rank >= ranks.moderator) return refuse('forbidden')
  }
  const done = await deedOf(hub, frame, person)
  if (!done) return refuse('bad_field')
  const { epoch, s } = await hub.store.append(room, done.line, done.effects, {
    by: person.uid,
    operation: operationOf(frame),
  })
  hub.wasWritten(room)
  if ('uid' in frame) await hub.placeChanged(room, frame.uid)
  connection.tell({ t: 'ack', cid, room, e: epoch, s })
}

async function deedOf(
  hub: HubRooms,
  frame: ModFrame,
  by: { uid: string; name: string },
): Promise<{ line: NewLine; effects: Effect[] } | null> {
  const live = await hub.open(frame.room)
  const set = (changes: Partial<RoomSettings>): NewLine => ({
    k: 'set',
    u: by.uid,
    n: by.name,
    set: { ...live.settings, ...changes },
  })
  switch (frame.op) {
    case 'del':
      return {
        line: { k: 'del', u: by.uid, of: frame.s },
        effects: [{ kind: 'delete', s: frame.s }, ...unpinned(live.pin?.s === frame.s)],
      }
    case 'purge':
      return {
        line: { k: 'purge', u: frame.uid, n: by.name },
        effects: [{ kind: 'purge', uid: frame.uid }, ...unpinned(live.pin?.u === frame.uid)],
      }
    case 'timeout':
    case 'ban': {
      const untilMs = frame.op === 'ban' ? 0 : Date.now() + frame.sec * 1000
      return { line: { k: 'sys', u: frame.uid, b: frame.op }, effects: [{ kind: 'ban', uid: frame.uid, untilMs }] }
    }
    case 'unban':
      return { line: { k: 'sys', u: frame.uid, b: 'unban' }, effects: [{ kind: 'unban', uid: frame.uid }] }
    case 'pin': {
      const [line] = await hub.store.range(frame.room, frame.s, frame.s + 1)
      if (line?.k !== 'msg') return null
      const { u, n, b, ts } = line
      const pin = { s: frame.s, ts, k: 'msg', u, n, b }
      return {
        line: { k: 'pin', of: frame.s, u, n, b },
        effects: [{ kind: 'set', field: 'pin', value: JSON.stringify(pin) }],
      }
    }
    case 'unpin':
      return { line: { k: 'pin', of: null, u: by.uid }, effects: unpinned(true) }
    case 'slow':
      return { line: set({ slow: frame.sec }), effects: [{ kind: 'set', field: 'slow', value: String(frame.sec) }] }
    case 'mode':
      return { line: set({ mode: frame.mode }), effects: [{ kind: 'set', field: 'mode', value: frame.mode }] }
    case 'freeze':
      return {
        line: set({ frozen: frame.on }),
        effects: [{ kind: 'set', field: 'frozen', value: frame.on ? '1' : '0' }],
      }
  }
}

/** Without what belongs to the transport. */
function operationOf({ t: _t, room: _room, cid: _cid, ...operation }: ModFrame): ModOperation {
  return operation as ModOperation
}

function unpinned(isPinned: boolean): Effect[] {
  return isPinned ? [{ kind: 'set', field: 'pin', value: '' }] : []
}

/** People take back what they wrote themselves. */
async function isOwnLine(hub: HubRooms, room: string, s: number, uid: string): Promise<boolean> {
  const [line] = await hub.store.range(room, s, s + 1)
  return line?.k === 'msg' && line.u === uid
}
