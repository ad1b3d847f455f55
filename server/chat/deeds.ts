import type { ModOperation } from './protocol.ts'
import { hasMode } from './room-id.ts'
import type { Effect, NewLine } from './room-store.ts'

/**
 * What an operation of a moderator writes and does: a line like any other, so that every client learns of it in the one
 * order, and its effects, which happen in the same step.
 *
 * @returns null when a room of that kind knows no such thing
 */
export function deedOf(
  room: string,
  operation: ModOperation,
  by: { uid: string; name: string },
  nowMs = Date.now(),
): { line: NewLine; effects: Effect[] } | null {
  // The script puts the settings in, as they are by then.
  const set = (field: 'slow' | 'mode' | 'frozen' | 'notices', value: string | number) => ({
    line: { k: 'set' as const, u: by.uid, n: by.name },
    effects: [{ kind: 'set' as const, field, value }],
  })
  switch (operation.op) {
    case 'del':
      return { line: { k: 'del', u: by.uid, of: operation.s }, effects: [{ kind: 'delete', s: operation.s }] }
    case 'purge':
      return { line: { k: 'purge', u: operation.uid, n: by.name }, effects: [{ kind: 'purge', uid: operation.uid }] }
    case 'timeout':
    case 'ban': {
      const untilMs = operation.op === 'ban' ? 0 : nowMs + operation.sec * 1000
      return {
        line: { k: 'sys', u: operation.uid, b: operation.op },
        effects: [{ kind: 'ban', uid: operation.uid, untilMs }],
      }
    }
    case 'unban':
      return { line: { k: 'sys', u: operation.uid, b: 'unban' }, effects: [{ kind: 'unban', uid: operation.uid }] }
    case 'pin':
      // The script puts the message in.
      return { line: { k: 'pin', of: operation.s }, effects: [{ kind: 'pin', s: operation.s }] }
    case 'unpin':
      return { line: { k: 'pin', of: null, u: by.uid }, effects: [{ kind: 'unpin' }] }
    case 'slow':
      return set('slow', operation.sec)
    case 'mode':
      return hasMode(room, operation.mode) ? set('mode', operation.mode) : null
    case 'freeze':
      return set('frozen', operation.on ? '1' : '0')
    case 'notices':
      return set('notices', operation.who)
  }
}
