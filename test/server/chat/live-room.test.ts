import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Section } from '../../../server/chat/audience.ts'
import { LiveRoom } from '../../../server/chat/live-room.ts'
import type { ChatLine, ServerFrame } from '../../../server/chat/protocol.ts'
import { Room } from '../../../server/chat/room.ts'
import type { RoomStore } from '../../../server/chat/room-store.ts'

const settings = { slow: 0, mode: 'all' as const, frozen: false, notices: 'moderators' as const, emotes: 0 }
const line = (s: number, more: Partial<ChatLine> = {}): ChatLine => ({
  s,
  ts: 1,
  k: 'msg',
  u: 'u:1',
  b: `line ${s}`,
  ...more,
})

/** A room as Redis has it, which may be away. */
class FakeStore {
  epoch = 'one'
  lines = new Map<number, ChatLine>()
  isAway = false
  reads = 0

  get last(): number {
    return Math.max(0, ...this.lines.keys())
  }

  write(...lines: ChatLine[]): string[] {
    for (const each of lines) this.lines.set(each.s, each)
    return lines.map(({ s, ts, ...rest }) => `${s}|${this.epoch}|${ts}|${JSON.stringify(rest)}`)
  }

  async head() {
    this.#mayFail()
    return { epoch: this.epoch, last: this.last }
  }

  async range(_: string, from: number, to: number) {
    this.#mayFail()
    this.reads += 1
    return [...this.lines.values()].filter(({ s }) => s >= from && s < to).sort((a, b) => a.s - b.s)
  }

  async load() {
    this.#mayFail()
    const lines = [...this.lines.values()].slice(-500)
    return { epoch: this.epoch, last: this.last, lines, pin: null, settings }
  }

  async goOnAnew() {
    this.epoch = 'after'
  }

  #mayFail(): void {
    if (this.isAway) throw new Error('Redis is away')
  }
}

let store: FakeStore
let live: LiveRoom
/** What the first section was sent. */
let frames: ServerFrame[]
/** Sections in the order that they were served in. */
let served: number[]
let sections: Section[]

beforeEach(async () => {
  store = new FakeStore()
  frames = []
  served = []
  live = new LiveRoom('r', {
    store: store as unknown as RoomStore,
    prepare: async () => {},
    publish: (section, frame) => {
      expect(Buffer.byteLength(frame)).toBeLessThan(16 * 1024)
      served.push(section)
      if (section === 0) frames.push(JSON.parse(frame))
    },
    onSent() {},
    log: { warn() {} },
  })
  await live.open()
  sections = [live.audience.enter(0)]
  return () => live[Symbol.dispose]()
})

const section = () => sections[0] as Section
const seat = (connections: number) => {
  for (let i = 0; i < connections; i += 1) sections.push(live.audience.enter(live.room.last))
}
const hear = (messages: string[]) => {
  for (const message of messages) live.receive(message)
}
const told = () => frames.flatMap((frame) => (frame.t === 'b' ? frame.m.map(({ s }) => s) : []))
const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, i) => from + i)

describe('a gap', () => {
  it('is read once for the node, and filled in its place', async () => {
    const messages = store.write(...upTo(20).map((s) => line(s)))
    hear([...messages.slice(0, 5), ...messages.slice(12)])
    await vi.waitFor(() => expect(told()).toEqual(upTo(20)))
    expect(store.reads).toBe(1)
  })

  it('that Redis cannot fill now is filled when it can, and nobody sees what lies behind it before', async () => {
    const messages = store.write(...upTo(10).map((s) => line(s)))
    store.isAway = true
    hear([...messages.slice(0, 3), ...messages.slice(5)])
    await vi.waitFor(() => expect(told()).toEqual([1, 2, 3]))
    hear(store.write(line(11)))
    store.isAway = false
    await vi.waitFor(() => expect(told()).toEqual(upTo(11)), 3000)
  })

  it('of a line that was taken away keeps its number', async () => {
    const messages = store.write(...upTo(5).map((s) => line(s)))
    store.lines.delete(3)
    hear([...messages.slice(0, 1), ...messages.slice(4)])
    await vi.waitFor(() => expect(told()).toEqual(upTo(5)))
    expect(frames.flatMap((frame) => (frame.t === 'b' ? frame.m : []))[2]).toEqual({ s: 3, ts: 0, k: 'gone' })
  })

  it('of more than anybody would read begins the list anew', async () => {
    hear(store.write(line(1)))
    await vi.waitFor(() => expect(told()).toEqual([1]))
    const messages = store.write(...upTo(900, 2).map((s) => line(s)))
    hear(messages.slice(-1))
    await vi.waitFor(() => expect(frames.at(-1)).toEqual({ t: 'reset', room: 'r', e: 'one' }))
    expect(live.snapshot(section(), { e: 'one', s: 1 })).toMatchObject({ recovered: false })
    hear(store.write(line(901)))
    await vi.waitFor(() => expect(told()).toEqual([1, 901]))
  })

  it('of the last lines, which nothing follows, is found by looking', async () => {
    hear(store.write(line(1)))
    store.write(line(2), line(3))
    await live.resync()
    await vi.waitFor(() => expect(told()).toEqual([1, 2, 3]))
  })
})

describe('another epoch', () => {
  it('begins the list anew once, and what still comes of the old one is dropped', async () => {
    const old = store.write(line(1), line(2))
    hear(old.slice(0, 1))
    store.epoch = 'two'
    store.lines.clear()
    hear([...store.write(line(1)), ...old.slice(1)])
    await vi.waitFor(() => expect(frames.filter(({ t }) => t === 'reset')).toHaveLength(1))
    hear(store.write(line(2)))
    await vi.waitFor(() => expect(told().at(-1)).toBe(2))
    hear(old.slice(1))
    await live.resync()
    expect(frames.filter(({ t }) => t === 'reset')).toHaveLength(1)
  })

  it('is made when Redis comes back with less than it had given out', async () => {
    hear(store.write(line(1), line(2), line(3)))
    await vi.waitFor(() => expect(told()).toEqual([1, 2, 3]))
    store.lines.delete(3)
    await live.resync()
    expect(frames.at(-1)).toEqual({ t: 'reset', room: 'r', e: 'after' })
  })
})

describe('the tick', () => {
  it('is this turn’s end while few are here, and one frame carries what came within it', async () => {
    hear(store.write(...upTo(30).map((s) => line(s))))
    await vi.waitFor(() => expect(told()).toEqual(upTo(30)))
    expect(frames).toHaveLength(1)
  })

  it('serves a large audience section by section, at a pace, each with all that there is by then', async () => {
    seat(9999)
    hear(store.write(...upTo(10).map((s) => line(s))))
    await vi.waitFor(() => expect(live.audience.sections.every(({ sent }) => sent === 10)).toBe(true))
    served = []
    const from = performance.now()
    hear(store.write(line(11)))
    await vi.waitFor(() => expect(served).toHaveLength(4), { interval: 1 })
    hear(store.write(line(12)))
    await vi.waitFor(() => expect(live.audience.sections.every(({ sent }) => sent === 12)).toBe(true), { interval: 5 })
    // Ten milliseconds for a thousand: the first four come again for the second line, the others were sent both at once.
    expect(performance.now() - from).toBeGreaterThan(100)
    expect(served.slice(0, 10)).toEqual([...Array(10).keys()].map((i) => ((served[0] ?? 0) + i) % 10))
    expect(served).toHaveLength(14)
    expect(told()).toEqual(upTo(12))
  })

  it('comes to everybody within half a second, however many they are', async () => {
    seat(100_000)
    hear(store.write(...upTo(10).map((s) => line(s))))
    await vi.waitFor(() => expect(live.audience.sections.every(({ sent }) => sent === 10)).toBe(true), 2000)
    const from = performance.now()
    hear(store.write(line(11)))
    await vi.waitFor(() => expect(live.audience.sections.every(({ sent }) => sent === 11)).toBe(true), 2000)
    expect(performance.now() - from).toBeGreaterThan(400)
    expect(performance.now() - from).toBeLessThan(1500)
  })

  it('finds who comes in between at what their section was sent, and a section that was empty with nothing to catch up', async () => {
    seat(2500)
    hear(store.write(...upTo(50).map((s) => line(s))))
    await vi.waitFor(() => expect(served.length).toBeGreaterThan(0), { interval: 1 })
    for (const each of live.audience.sections) {
      expect(live.snapshot(each, { e: 'one', s: 0 })).toEqual({
        recovered: true,
        s: each.sent,
        lines: upTo(each.sent).map((s) => line(s)),
      })
    }
    // From another node, which was faster: nothing is missing, and what comes again is known by its number.
    const slow = live.audience.sections.find(({ sent }) => sent === 0) as Section
    expect(live.snapshot(slow, { e: 'one', s: 30 })).toEqual({ recovered: true, s: 30, lines: [] })
    expect(live.snapshot(slow, { e: 'one', s: 51 })).toMatchObject({ recovered: false })
    for (const each of sections.filter((one) => one === slow)) live.audience.leave(each)
    expect(live.audience.enter(live.room.last)).toMatchObject({ number: slow.number, size: 1, sent: 50 })
  })

  it('is split into frames under 16 KiB, and never gathers more than the ring keeps', async () => {
    seat(100_000)
    hear(store.write(...upTo(3).map((s) => line(s))))
    await vi.waitFor(() => expect(told()).toEqual(upTo(3)))
    hear(store.write(...upTo(1200, 4).map((s) => line(s, { b: '"'.repeat(400) }))))
    await vi.waitFor(() => expect(told()).toEqual(upTo(1200)), 2000)
  })
})

describe('who comes back', () => {
  it('from behind the ring gets what Redis still has, read once for all, without what was taken away since', async () => {
    hear(store.write(...upTo(700).map((s) => line(s))))
    await vi.waitFor(() => expect(told()).toEqual(upTo(700)))
    const [first, second] = await Promise.all([live.older({ e: 'one', s: 50 }), live.older({ e: 'one', s: 60 })])
    expect(store.reads).toBe(1)
    expect(live.snapshot(section(), { e: 'one', s: 50 }, first).lines.map(({ s }) => s)).toEqual(upTo(700, 51))
    hear(store.write(line(701, { k: 'del', of: 100 }), line(702, { k: 'purge', u: 'u:2' })))
    await vi.waitFor(() => expect(told().at(-1)).toBe(702))
    const { recovered, lines } = live.snapshot(section(), { e: 'one', s: 60 }, second)
    expect(recovered).toBe(true)
    expect(lines.some(({ s }) => s === 100)).toBe(false)
    expect(lines.some(({ s }) => s === 101)).toBe(true)
  })

  it('with more missed than a socket can hold begins anew', async () => {
    hear(store.write(...upTo(500).map((s) => line(s, { b: 'x'.repeat(1900) }))))
    await vi.waitFor(() => expect(told()).toEqual(upTo(500)))
    const { recovered, lines } = live.snapshot(section(), { e: 'one', s: 0 })
    expect(recovered).toBe(false)
    expect(lines).toHaveLength(100)
  })

  it('sees nothing that is not sent yet, and nothing twice', () => {
    const room = new Room('r')
    room.reset('e', 0, [])
    for (const s of [1, 2, 3]) room.take('e', line(s))
    expect(room.since('e', 0, 0)).toEqual([])
    expect(room.since('e', 1, 3)?.map(({ s }) => s)).toEqual([2, 3])
    room.take('e', line(4))
    expect(room.newest(10, 3).map(({ s }) => s)).toEqual([1, 2, 3])
    expect(room.behind(3).map(({ s }) => s)).toEqual([4])
    expect(room.behind(4)).toEqual([])
    expect(room.since('e', 9, 4)).toBe(null)
    expect(room.since('other', 1, 4)).toBe(null)
  })
})
