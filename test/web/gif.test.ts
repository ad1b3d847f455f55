import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { fragmentsOf } from '../../web/gif/show-window.ts'
import { moveBoth, moveEnd, moveStart, shownAround } from '../../web/gif/stretch.ts'
import { positionOf } from '../../web/player/program-time.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

const limits = { total: 60, longest: 30 }

describe('a piece that is picked', () => {
  it('keeps its other end, until it would be too short or too long', () => {
    expect(moveStart({ start: 10, duration: 5 }, 12, limits)).toEqual({ start: 12, duration: 3 })
    expect(moveStart({ start: 10, duration: 5 }, 20, limits)).toEqual({ start: 20, duration: 0.1 })
    expect(moveStart({ start: 50, duration: 5 }, 10, limits)).toEqual({ start: 10, duration: 30 })
    expect(moveEnd({ start: 10, duration: 5 }, 18, limits)).toEqual({ start: 10, duration: 8 })
    expect(moveEnd({ start: 10, duration: 5 }, 50, limits)).toEqual({ start: 20, duration: 30 })
    expect(moveEnd({ start: 10, duration: 5 }, 3, limits)).toEqual({ start: 2.9, duration: 0.1 })
  })

  it.each([-5, 0, 59.99, 60, 1e9, 0.04])('stays within what there is when it is moved to %d', (to) => {
    for (const move of [moveStart, moveEnd, moveBoth]) {
      const { start, duration } = move({ start: 20, duration: 3 }, to, limits)
      expect(start).toBeGreaterThanOrEqual(0)
      expect(duration).toBeGreaterThanOrEqual(0.1)
      expect(duration).toBeLessThanOrEqual(30)
      expect(start + duration).toBeLessThanOrEqual(60.05)
    }
  })

  it('is as long as it was when all of it is moved, and shown with what is around it', () => {
    expect(moveBoth({ start: 10, duration: 5 }, 58, limits)).toEqual({ start: 55, duration: 5 })
    expect(shownAround({ start: 10, duration: 5 }, 60)).toEqual({ from: 0, to: 60 })
    expect(shownAround({ start: 3600, duration: 10 }, 7200)).toEqual({ from: 3545, to: 3665 })
    expect(shownAround({ start: 100, duration: 600 }, 7200)).toEqual({ from: 0, to: 1200 })
  })
})

it('finds a moment in all of a running show, also behind a time when nothing was sent', () => {
  const fragments = fragmentsOf(
    [
      ...['#EXTM3U', '#EXT-X-MAP:URI="init0.mp4"', '#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:00:00.000Z'],
      ...['#EXTINF:2.0,', 'segment0.m4s', '#EXTINF:2.0,', 'segment1.m4s', '#EXT-X-DISCONTINUITY'],
      ...['#EXT-X-PROGRAM-DATE-TIME:2026-11-21T10:01:00.000Z', '#EXTINF:2.0,', 'segment2.m4s', ''],
    ].join('\n'),
  )
  expect(fragments.map(({ start }) => start)).toEqual([0, 2, 4])
  expect(positionOf(fragments, Date.parse('2026-11-21T10:00:03Z'))).toBe(3)
  expect(positionOf(fragments, Date.parse('2026-11-21T10:00:30Z'))).toBe(4)
  expect(positionOf(fragments, Date.parse('2026-11-21T10:01:01Z'))).toBe(5)
})

const content = Buffer.from(Array.from({ length: 300_000 }, (_, at) => at % 251))

describe('a file that is fetched', () => {
  it('goes on where the line broke, and is whole', async () => {
    const ranges: (string | undefined)[] = []
    const { blob, seen } = await fetched((request, response) => {
      const { range } = request.headers
      ranges.push(range)
      const from = Number(/\d+/.exec(range ?? '')?.[0] ?? 0)
      response.writeHead(range ? 206 : 200, { 'content-length': content.length - from, etag: '"one"' })
      // Three times a part of it only.
      if (ranges.length > 3) response.end(content.subarray(from))
      else response.write(content.subarray(from, from + 70_000), () => setImmediate(() => response.destroy()))
    })
    expect(Buffer.from(await blob.arrayBuffer()).equals(content)).toBe(true)
    expect(ranges[0]).toBeUndefined()
    expect(ranges.slice(1).every((range) => /^bytes=[1-9]\d*-$/.test(range ?? ''))).toBe(true)
    expect(seen.at(-1)).toEqual([content.length, content.length])
  })

  it('begins anew when it is another one by now', async () => {
    let asked = 0
    const { blob } = await fetched((request, response) => {
      asked += 1
      const whole = asked === 1 ? Buffer.alloc(200_000, 1) : content
      response.writeHead(200, { 'content-length': whole.length, etag: `"${asked}"` })
      if (asked === 1) response.write(whole.subarray(0, 50_000), () => setImmediate(() => response.destroy()))
      else {
        expect(request.headers['if-range']).toBe('"1"')
        response.end(whole)
      }
    })
    expect(Buffer.from(await blob.arrayBuffer()).equals(content)).toBe(true)
  })

  it('is given up when the server refuses it, or nothing comes any more', async () => {
    const refuse: RequestListener = (_request, response) => {
      response
        .writeHead(404, { 'content-type': 'application/json' })
        .end('{"detail":"Gone.","code":"export_not_found"}')
    }
    await expect(fetched(refuse)).rejects.toMatchObject({ status: 404, code: 'export_not_found' })
    await expect(fetched((request) => request.socket.destroy())).rejects.toMatchObject({ code: 'network' })
  })
})

async function fetched(answer: RequestListener): Promise<{ blob: Blob; seen: [number, number][] }> {
  // What the page's own script leaves there for the API.
  vi.stubGlobal('window', {})
  const { fetchFile } = await import('../../web/gif/fetch-file.ts')
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const seen: [number, number][] = []
  try {
    const { port } = server.address() as AddressInfo
    const blob = await fetchFile(`http://127.0.0.1:${port}/`, {
      signal: AbortSignal.timeout(10_000),
      onProgress: (bytes, total) => seen.push([bytes, total]),
      pause: () => Promise.resolve(),
    })
    return { blob, seen }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
