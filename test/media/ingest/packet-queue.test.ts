import { expect, it, vi } from 'vitest'
import { PacketQueue } from '../../../media/ingest/packet-queue.ts'
import type { MediaPacket } from '../../../media/ingest/publisher.ts'

function aPacket(dts: number): MediaPacket {
  return { kind: 'video', isHeader: false, isKeyframe: false, dts, pts: dts, data: Buffer.alloc(10) }
}

it('hands on what was pushed before its end, in order, also to a reader who comes late', async () => {
  const queue = new PacketQueue(() => {})
  queue.push(aPacket(1))
  queue.push(aPacket(2))
  queue.end()
  queue.push(aPacket(3))
  const taken = await Array.fromAsync(queue)
  expect(taken.map(({ dts }) => dts)).toEqual([1, 2])
})

it('wakes a reader who waits', async () => {
  const queue = new PacketQueue(() => {})
  const taken = Array.fromAsync(queue)
  queue.push(aPacket(1))
  await Promise.resolve()
  queue.push(aPacket(2))
  queue.end()
  expect(await taken).toHaveLength(2)
})

it('counts the bytes that wait, and says when there is room', async () => {
  const onTaken = vi.fn()
  const queue = new PacketQueue(onTaken)
  queue.push(aPacket(1))
  queue.push(aPacket(2))
  expect(queue.bytes).toBe(20)
  queue.end()
  await Array.fromAsync(queue)
  expect(queue.bytes).toBe(0)
  expect(onTaken).toHaveBeenCalled()
})

it('keeps nothing for a reader who left', async () => {
  const queue = new PacketQueue(() => {})
  queue.push(aPacket(1))
  queue.push(aPacket(2))
  for await (const packet of queue) if (packet.dts === 1) break
  queue.push(aPacket(3))
  expect(queue.bytes).toBe(0)
})
