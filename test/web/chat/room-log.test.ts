import { expect, it } from 'vitest'
import type { ChatLine } from '../../../server/chat/protocol.ts'
import { RoomLog } from '../../../web/chat/room-log.ts'

const said = (s: number, over: Partial<ChatLine> = {}): ChatLine => ({
  s,
  ts: s,
  k: 'msg',
  u: 'u:1',
  n: 'Anna',
  b: `text ${s}`,
  ...over,
})
const numbers = (log: RoomLog) => log.entries.map(({ line }) => line.s)

function begun(...lines: ChatLine[]): RoomLog {
  const log = new RoomLog()
  log.begin('e1')
  log.takeAll(lines, false)
  return log
}

it('shows each line once, and asks for what is missing before it shows what comes after', () => {
  const log = begun(said(1), said(2))
  expect(log.takeAll([said(2), said(3)], false)).toBe(true)
  expect(log.takeAll([said(4), said(6)], false)).toBe(false)
  expect(numbers(log)).toEqual([1, 2, 3, 4])
  expect(log.takeAll([said(5), said(6)], false)).toBe(true)
  expect(numbers(log)).toEqual([1, 2, 3, 4, 5, 6])
})

it('takes away what was deleted, with its pin, and everything of who was purged', () => {
  const log = begun(said(1), said(2, { u: 'u:2' }), said(3), {
    s: 4,
    ts: 4,
    k: 'pin',
    of: 1,
    n: 'Anna',
    u: 'u:1',
    b: 'text 1',
  })
  expect(log.pin?.s).toBe(1)
  log.takeAll([{ s: 5, ts: 5, k: 'del', of: 1 }], false)
  expect([numbers(log), log.pin]).toEqual([[2, 3], null])
  log.takeAll([{ s: 6, ts: 6, k: 'purge', u: 'u:1' }], false)
  expect(numbers(log)).toEqual([2])
})

it('deletes nothing of an older epoch that has the same number', () => {
  const log = begun(said(1), said(2))
  log.prepend([{ e: 'e0', line: said(2, { b: 'older' }) }])
  log.takeAll([{ s: 3, ts: 3, k: 'del', of: 2 }], false)
  expect(log.entries.map(({ e, line }) => `${e}:${line.s}`)).toEqual(['e0:2', 'e1:1'])
  expect(log.find(2)).toBeUndefined()
})

it('puts older lines before, once, with numbers of their own', () => {
  const log = begun(said(50), said(51))
  log.takeSnapshot([said(50), said(51)], 51, false)
  log.prepend([48, 49, 50].map((s) => ({ e: 'e1', line: said(s) })))
  log.prepend([46, 47].map((s) => ({ e: 'e1', line: said(s) })))
  const ids = log.entries.map(({ id }) => id)
  expect(ids).toEqual([...ids].sort((a, b) => a - b))
  expect(new Set(ids).size).toBe(ids.length)
  expect(numbers(log).slice(0, 4)).toEqual([46, 47, 48, 49])
})

it('forgets the oldest of very many, but not under the eyes of who reads them', () => {
  const log = begun()
  for (let s = 1; s <= 1000; s += 1) log.takeAll([said(s)], false)
  expect(numbers(log).length).toBe(400)
  expect(log.oldest).toEqual({ e: 'e1', s: 601 })
  for (let s = 1001; s <= 2000; s += 1) log.takeAll([said(s)], true)
  expect(numbers(log)[0]).toBe(601)
})

it('remembers who was silenced, until a moderator lets them write again', () => {
  const log = begun({ s: 1, ts: 1, k: 'sys', u: 'u:2', b: 'ban' })
  expect(log.silenced.has('u:2')).toBe(true)
  log.takeAll([{ s: 2, ts: 2, k: 'sys', u: 'u:2', b: 'unban' }], false)
  expect(log.silenced.has('u:2')).toBe(false)
})

it('knows from where older ones are to be asked for, also when nothing of what came is shown', () => {
  const log = new RoomLog()
  log.begin('e1')
  log.takeSnapshot([], 70, false)
  expect(log.oldest).toEqual({ e: 'e1', s: 71 })
  log.prepend([11, 12].map((s) => ({ e: 'e1', line: { s, ts: s, k: 'sys', u: 'u:1', b: 'join' } })))
  expect([numbers(log), log.oldest]).toEqual([[], { e: 'e1', s: 11 }])
  log.prepend([{ e: 'e0', line: said(400) }])
  expect([numbers(log), log.oldest]).toEqual([[400], { e: 'e0', s: 400 }])
})
