import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ChannelJson } from '../../server/channels/contract.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { guestOf, slug, untilLive, untilOffline, untilRecorded } from './channel.ts'
import { readMedia, readVariants } from './playlists.ts'
import { type Publisher, publish } from './publisher.ts'

/** Who gets what over the real front: one running show, and the recording of an earlier one. */
let platform: Platform
let publisher: Publisher
/** Paths, tokens included, as a guest has them. */
let live: string
let recorded: string

beforeAll(async () => {
  platform = await startPlatform()
  const url = await platform.publishUrl()
  const first = await publish(url)
  const { recording, broadcast } = await untilLive(platform)
  await first.stop()
  recorded = (await untilRecorded(platform, recording)).playback_url
  await untilOffline(platform, broadcast)
  publisher = await publish(url)
  live = new URL((await untilLive(platform)).playbackUrl).pathname
})

afterAll(async () => {
  await publisher?.stop()
  await platform?.[Symbol.asyncDispose]()
})

const get = (path: string, init?: RequestInit) => fetch(`${platform.url}${path}`, init)
const withToken = (path: string, change: (token: string) => string) =>
  path.replace(/[brv]\.[0-9a-f]{24}\.[^/]+/, change)

/** Sends the path as it is: `fetch` resolves dots before it asks. */
async function raw(path: string, method = 'GET'): Promise<{ status: number; answer: string }> {
  const { hostname, port } = new URL(platform.url)
  const socket = connect(Number(port), hostname)
  // Not ended: nginx takes that for a client that left.
  socket.write(`${method} ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: close\r\n\r\n`, 'latin1')
  const answer = await text(socket)
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]), answer }
}

describe('a token', () => {
  it('opens what it was given for', async () => {
    for (const path of [live, recorded]) expect((await get(path)).status).toBe(200)
  })

  it('that is missing, edited or expired opens nothing', async () => {
    for (const path of [live, recorded]) {
      const changes: ((token: string) => string)[] = [
        () => '-',
        () => 'a'.repeat(190),
        // Its mac, its subject, its times, and its case.
        (token) => `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`,
        (token) => token.replace(/\.g[0-9a-f]{4}/, '.g0000'),
        (token) => token.replace(/\.(\d{10})\.(\d{10})\./, (_, issued, until) => `.${issued}.${Number(until) + 3600}.`),
        (token) => token.replace(/\.(\d{10})\.(\d{10})\./, (_, issued) => `.${issued}.${issued}.`),
        (token) => token.toUpperCase(),
        (token) => `${token}.`,
      ]
      for (const change of changes) {
        const changed = withToken(path, change)
        expect(changed).not.toBe(path)
        expect([changed, (await get(changed)).status]).toEqual([changed, 403])
      }
    }
  })

  it('opens nothing else', async () => {
    const [, , , token = '', broadcast = ''] = live.split('/')
    const [, , recordingToken = '', recording = ''] = recorded.split('/')
    const foreign = [
      withToken(live, () => recordingToken),
      withToken(recorded, () => token),
      live.replaceAll(broadcast, 'f'.repeat(24)),
      recorded.replaceAll(recording, 'f'.repeat(24)),
      live.replace(`/${broadcast}/`, `/${recording}/`),
      recorded.replace(`/${recording}/`, `/${broadcast}/`),
    ]
    for (const path of foreign) expect([path, (await get(path)).status]).toEqual([path, 403])
    // As if the node had it: unknown names are nobody's.
    expect((await get(live.replace('/m1/', '/m2/'))).status).toBe(404)
  })

  it('ends with the sign-in that it was given to, in the midst of playback', async () => {
    const student = await platform.signIn('student@ustat.local')
    const channel = (await (await student(`/api/channels/${slug}/`)).json()) as ChannelJson
    const [playlist = ''] = await readVariants(platform.url + channel.broadcast?.playback_url)
    const { segments } = await readMedia(playlist)
    const segment = new URL(segments.at(-1)?.uri ?? '', playlist)
    expect((await fetch(segment)).status).toBe(200)
    const leftAt = performance.now()
    expect((await student('/api/auth/logout/', { method: 'POST', body: '{}' })).status).toBe(204)
    for (const url of [segment, playlist]) {
      await expect.poll(async () => (await fetch(url)).status, { timeout: 10_000 }).toBe(403)
    }
    expect(performance.now() - leftAt).toBeLessThan(2000)
    expect((await get(live)).status).toBe(200)
  })
})

describe('a path', () => {
  it('that leads elsewhere is no file', async () => {
    const [liveBase, recordedBase] = [live, recorded].map((path) => path.slice(0, path.lastIndexOf('/')))
    const tails = [
      '..',
      '../../../../../../../../etc/passwd',
      '%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '..%2f..%2f..%2f..%2f..%2fsecrets.json',
      '%252e%252e/%252e%252e/secrets.json',
      '....//....//secrets.json',
      '..\\..\\secrets.json',
      '480p/../../../../secrets.json',
      '480p///etc/passwd',
      '480p/%00.m4s',
      'index.m3u8%00.jpg',
      '480p/0.m4s%00',
      '480p/00.m4s',
      '480p/-1.m4s',
      'journal.jsonl',
      '480p/.m4s',
      `480p/${'9'.repeat(4000)}.m4s`,
    ]
    for (const path of tails.flatMap((tail) => [`${liveBase}/${tail}`, `${recordedBase}/${tail}`])) {
      const { status, answer } = await raw(path)
      expect([path.slice(-60), status >= 400 && status < 500]).toEqual([path.slice(-60), true])
      expect(answer).not.toMatch(/root:|secret"|#EXTM3U/)
    }
  })

  it('that is ours alone is nobody’s outside', async () => {
    const inside = [
      '/internal/ingest/authorize',
      '/internal/broadcasts/x/end',
      '/metrics',
      '/_store/recordings/x/index.m3u8',
      '/_media/m1/vod/x',
      '//internal/ingest/authorize',
      '/%69nternal/ingest/authorize',
      '/api/../internal/ingest/authorize',
      '/live/../metrics',
      '/vod/%2e%2e/metrics',
      '/live/m1/../../internal/broadcasts/x/end',
    ]
    for (const path of inside) {
      for (const method of ['GET', 'POST']) {
        const { status } = await raw(path, method)
        expect([method, path, status === 404 || status === 400 || status === 405]).toEqual([method, path, true])
      }
    }
    expect((await platform.askInside('media', '/metrics')).status).toBe(200)
  })
})

describe('an answer', () => {
  /** Newest of each kind, live and recorded. */
  async function examples() {
    const urls = await Promise.all(
      [live, recorded].map(async (path) => {
        const multivariant = platform.url + path
        const [playlist = ''] = await readVariants(multivariant)
        const { segments } = await readMedia(playlist)
        const beside = (file: string) => new URL(file, playlist).href
        return { multivariant, playlist, init: beside('init-0.mp4'), segment: beside(segments.at(-1)?.uri ?? '') }
      }),
    )
    return { live: urls[0] as (typeof urls)[0], recorded: urls[1] as (typeof urls)[0] }
  }

  it('may be used by any page, and asks no cookie', async () => {
    const { live, recorded } = await examples()
    for (const url of [...Object.values(live), ...Object.values(recorded)]) {
      const answer = await fetch(url, { headers: { origin: 'https://elsewhere.example' } })
      const { headers } = answer
      expect([url.slice(-20), answer.status]).toEqual([url.slice(-20), 200])
      expect(headers.get('access-control-allow-origin')).toBe('*')
      expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.getSetCookie()).toEqual([])
      const preflight = await fetch(url, {
        method: 'OPTIONS',
        headers: { origin: 'https://elsewhere.example', 'access-control-request-headers': 'range' },
      })
      expect(preflight.status).toBe(204)
      expect(preflight.headers.get('access-control-allow-headers')).toMatch(/range/i)
    }
    // Also when it is a refusal, or a page could not tell that from a network that is down.
    for (const path of [live.multivariant, recorded.multivariant]) {
      const refused = await fetch(withToken(path, () => '-'))
      expect(refused.headers.get('access-control-allow-origin')).toBe('*')
      expect(refused.headers.get('cache-control')).toMatch(/no-(store|cache)/)
    }
  })

  it('says how long it may be kept', async () => {
    const { live, recorded } = await examples()
    const lifeOf = async (url: string) => (await fetch(url)).headers.get('cache-control')
    expect(await lifeOf(live.multivariant)).toBe('no-cache')
    expect(await lifeOf(live.playlist)).toBe('no-cache')
    expect(await lifeOf(`${live.playlist}?_HLS_msn=0`)).toBe('max-age=60')
    for (const url of [live.init, live.segment, recorded.init, recorded.segment]) {
      expect(await lifeOf(url)).toMatch(/max-age=\d{5,}, immutable/)
    }
    for (const url of [recorded.multivariant, recorded.playlist]) expect(await lifeOf(url)).toMatch(/max-age=\d{1,2}$/)
  })

  it('can be asked for in pieces', async () => {
    const { live, recorded } = await examples()
    for (const { segment } of [live, recorded]) {
      const whole = Buffer.from(await (await fetch(segment)).arrayBuffer())
      const piece = await fetch(segment, { headers: { range: 'bytes=100-199' } })
      expect([piece.status, piece.headers.get('content-range')]).toEqual([206, `bytes 100-199/${whole.length}`])
      expect(Buffer.from(await piece.arrayBuffer()).equals(whole.subarray(100, 200))).toBe(true)
      const beyond = await fetch(segment, { headers: { range: `bytes=${whole.length}-` } })
      expect(beyond.status).toBe(416)
      expect((await fetch(segment, { method: 'HEAD' })).headers.get('content-length')).toBe(String(whole.length))
    }
  })

  it('is compressed when it is a playlist', async () => {
    const { live } = await examples()
    const ask = async (url: string) => (await fetch(url, { headers: { 'accept-encoding': 'gzip' } })).headers
    const headers = await ask(live.playlist)
    expect(headers.get('content-type')).toContain('application/vnd.apple.mpegurl')
    expect(headers.get('content-encoding')).toBe('gzip')
    expect(headers.get('vary')).toMatch(/accept-encoding/i)
    expect((await ask(live.segment)).get('content-encoding')).toBeNull()
  })

  it('to a write of a viewer is a refusal', async () => {
    for (const path of [live, recorded]) {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        expect([404, 405]).toContain((await get(path, { method })).status)
      }
    }
    expect((await guestOf(platform)(`/api/channels/me/stream-key/`)).status).toBe(401)
  })
})
