import { describe, expect, it, vi } from 'vitest'
import type { ChatPieceJson, ReplayedMessageJson } from '../../../server/vod/contract.ts'
import { ChatPieces } from '../../../web/chat/chat-pieces.ts'

const message = (at: number): ReplayedMessageJson => ({
  at,
  id: at,
  author: { id: 1, name: 'Anna' },
  rank: 1,
  text: `at ${at}`,
  reply_to: null,
  sent_at: '2026-03-01T10:00:00.000Z',
})
/** Messages each ten seconds, in pieces of ten minutes. */
const piece = (n: number): ChatPieceJson => ({
  messages: Array.from({ length: 60 }, (_, i) => message(n * 600 + i * 10)),
})
const url = '/vod/token-1/aaaa/chat-{piece}.json'

function aReplay(count = 4, fail: (n: number) => boolean = () => false) {
  const asked: string[] = []
  let now = 0
  const pieces = new ChatPieces(
    () => undefined,
    async (address) => {
      asked.push(address)
      const n = Number(/chat-(\d+)\.json$/.exec(address)?.[1])
      if (fail(n)) throw new Error('away')
      return piece(n)
    },
    () => now,
  )
  pieces.open(url, count)
  const asks = () => asked.map((address) => Number(/chat-(\d+)/.exec(address)?.[1]))
  return { pieces, asked, asks, pass: (ms: number) => (now += ms) }
}
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))
const times = (messages: readonly ReplayedMessageJson[]) => messages.map(({ at }) => at)

describe('the chat around the moment that plays', () => {
  it('is what was said up to it, the last ones, over the border of two pieces', async () => {
    const { pieces } = aReplay()
    pieces.follow(615)
    expect([pieces.isLoading, pieces.upTo(615, 5)]).toEqual([true, []])
    await settled()
    expect(times(pieces.upTo(615, 5))).toEqual([600, 610])
    // Little to read there: the one before comes, too.
    pieces.follow(615)
    await settled()
    expect(times(pieces.upTo(615, 5))).toEqual([570, 580, 590, 600, 610])
    expect(times(pieces.upTo(609.9, 2))).toEqual([590, 600])
  })

  it('is asked for once, and ahead of time only when it is near', async () => {
    const { pieces, asks } = aReplay()
    for (const seconds of [100, 400, 500, 539]) {
      pieces.follow(seconds)
      await settled()
    }
    expect(asks()).toEqual([0])
    for (const seconds of [541, 560, 599, 601, 640]) {
      pieces.follow(seconds)
      await settled()
    }
    expect(asks()).toEqual([0, 1])
  })

  it('is asked for nowhere behind the end, nor when there is none', async () => {
    const { pieces, asks } = aReplay(2)
    pieces.follow(1199)
    pieces.follow(5000)
    await settled()
    expect(asks()).toEqual([1])
    const none = aReplay(0)
    none.pieces.follow(10)
    expect(none.asked).toEqual([])
  })

  it('goes further up as far as is kept near, and no piece is kept for ever', async () => {
    const { pieces, asks } = aReplay(10)
    pieces.follow(3500)
    await settled()
    expect(pieces.hasEarlier).toBe(true)
    for (let i = 0; i < 4; i++) {
      pieces.wantEarlier()
      await settled()
    }
    expect(asks()).toEqual([5, 4, 3])
    expect([pieces.hasEarlier, pieces.upTo(3500, 1000).length]).toEqual([false, 171])
    pieces.follow(100)
    await settled()
    pieces.follow(3500)
    await settled()
    expect(asks()).toEqual([5, 4, 3, 0, 5])
  })

  it('that could not be had is said so, tried again after a pause, and at once when asked', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    let isAway = true
    const { pieces, asks, pass } = aReplay(1, () => isAway)
    pieces.follow(50)
    await settled()
    pieces.follow(51)
    await settled()
    expect([pieces.hasFailed, asks()]).toEqual([true, [0]])
    pass(5001)
    pieces.follow(52)
    await settled()
    expect(asks()).toEqual([0, 0])
    isAway = false
    pieces.retry()
    await settled()
    expect([pieces.hasFailed, times(pieces.upTo(15, 9))]).toEqual([false, [0, 10]])
    vi.useRealTimers()
  })

  it('stays with a new token, is forgotten with another recording, and is read again after five minutes', async () => {
    const { pieces, asked, pass } = aReplay()
    pieces.follow(300)
    await settled()
    pieces.open(url.replace('token-1', 'token-2'), 4)
    pieces.follow(301)
    await settled()
    expect([asked.length, pieces.upTo(301, 99).length]).toEqual([1, 31])
    // What was deleted meanwhile goes from here as well.
    pass(300_001)
    pieces.follow(302)
    await settled()
    expect(asked[1]).toBe('/vod/token-2/aaaa/chat-0.json')
    pieces.open('/vod/token-2/bbbb/chat-{piece}.json', 4)
    expect(pieces.upTo(302, 99)).toEqual([])
  })
})
