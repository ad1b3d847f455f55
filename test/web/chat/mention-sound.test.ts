import { expect, it, vi } from 'vitest'
import { MentionSound } from '../../../web/chat/mention-sound.ts'
import type { Entry } from '../../../web/chat/room-log.ts'

const said = (id: number, n: string, b: string) => ({ id, e: 'x', line: { s: id, k: 'msg', n, b } }) as Entry

it('is heard for the first words of an empty room', () => {
  const sound = new MentionSound()
  const play = vi.fn()
  sound.hear([], 'Bob', play)
  sound.hear([said(0, 'Ann', '@Bob?')], 'Bob', play)
  expect(play).toHaveBeenCalledTimes(1)
})

it('is heard for a mention by somebody else, once, and not for what was said before', () => {
  const sound = new MentionSound()
  const play = vi.fn()
  const lines = [said(0, 'Ann', 'hello @Bob')]
  sound.hear(lines, 'Bob', play)
  sound.hear(lines, 'Bob', play)
  expect(play).not.toHaveBeenCalled()
  lines.push(said(1, 'Bob', '@Bob is me'), said(2, 'Ann', 'nobody is meant'))
  sound.hear(lines, 'Bob', play)
  expect(play).not.toHaveBeenCalled()
  lines.push(said(3, 'Ann', '@Bob, look'), said(4, 'Ann', '@Bob!'))
  sound.hear(lines, 'Bob', play)
  sound.hear(lines, 'Bob', play)
  expect(play).toHaveBeenCalledTimes(1)
  // Old ones that somebody scrolls up to come in front; the oldest are let go.
  sound.hear([said(-1, 'Ann', '@Bob once'), ...lines.slice(2)], 'Bob', play)
  expect(play).toHaveBeenCalledTimes(1)
  // A guest has no name that could be called.
  sound.hear([...lines, said(5, 'Ann', '@Bob')], '', play)
  expect(play).toHaveBeenCalledTimes(1)
})
