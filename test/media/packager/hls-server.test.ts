import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ParsedInit } from '../../../media/packager/fmp4-init.ts'
import { startHlsServer } from '../../../media/packager/hls-server.ts'
import { checkMediaPlaylist } from '../../support/playlist-rules.ts'
import { inPieces, makeClip } from './clips.ts'
import { aToken, BROADCAST, Origin, SECRET } from './origin.ts'
import { aLadder, anInitOfFfmpeg } from './show.ts'

let init: ParsedInit
let directory: string

beforeAll(async () => {
  init = await anInitOfFfmpeg()
  directory = await mkdtemp(join(tmpdir(), 'ustat-hls-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function anOrigin(seconds: number, options: Partial<Parameters<typeof Origin.start>[0]> = {}): Promise<Origin> {
  const origin = await Origin.start({ init, names: ['top', 'low'], ...options })
  await origin.show.start()
  await origin.show.advanceTo(seconds)
  return origin
}

describe('the origin', () => {
  it('lets ffmpeg and ffprobe play a broadcast to its end', async () => {
    await using origin = await Origin.start({ init })
    const outputs = await makeClip({ encoded: ['low'] })
    const streams = new Map([...outputs].map(([name, bytes]) => [name, inPieces(bytes, 5000)]))
    const run = { outputs: streams, ladder: aLadder(...outputs.keys()), startedAtMs: Date.now() }
    await origin.show.packager.run(run)
    origin.show.packager.end()
    const url = `http://${origin.server.address}/live/m1/${aToken()}/${BROADCAST}/index.m3u8`
    const entries = ['-count_packets', '-show_entries', 'stream=codec_type,nb_read_packets']
    const probe = spawn('ffprobe', ['-v', 'error', '-select_streams', 'v', ...entries, '-of', 'csv=p=0', url])
    let said = ''
    probe.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    await once(probe, 'close')
    // Six seconds of thirty frames, in each of two renditions.
    expect(said.match(/video,180/g)?.length).toBeGreaterThanOrEqual(2)
  })

  it('lists what a player needs, and nothing before it can play', async () => {
    await using origin = await Origin.start({ init })
    expect((await origin.get('index.m3u8')).status).toBe(404)
    expect((await origin.get('top/index.m3u8')).status).toBe(404)
    await origin.show.start()
    await origin.show.advanceTo(1.3)
    const top = await origin.text('index.m3u8')
    expect(top).toContain('CODECS="avc1.')
    expect(top).toContain('\ntop/index.m3u8\n')
    expect(await origin.text('dvr.m3u8')).toContain('\ntop/dvr.m3u8\n')
    const init0 = await origin.get('top/init-0.mp4')
    expect(init0.body).toEqual(Buffer.from(init.bytes))
    expect(init0.headers['content-type']).toBe('video/mp4')
  })

  it('serves a segment as the sum of its parts, whole and in ranges', async () => {
    await using origin = await anOrigin(5)
    const whole = await origin.get('top/1.m4s')
    const parts = origin.show.sink.of('top')[1]?.parts.map(({ bytes }) => bytes) ?? []
    expect(whole.body).toEqual(Buffer.concat(parts))
    const { length } = whole.body
    for (const [range, from, to] of [
      ['bytes=0-9', 0, 10],
      ['bytes=100-', 100, length],
      ['bytes=-50', length - 50, length],
      [`bytes=5-${length + 99}`, 5, length],
    ] as const) {
      const answer = await origin.get('top/1.m4s', { range })
      expect(answer.status).toBe(206)
      expect(answer.headers['content-range']).toBe(`bytes ${from}-${to - 1}/${length}`)
      expect(answer.body).toEqual(whole.body.subarray(from, to))
    }
    expect((await origin.get('top/1.m4s', { range: `bytes=${length}-` })).status).toBe(416)
    for (const range of ['bytes=9-2', 'bytes=0-1,4-5', 'lines=1-2']) {
      expect((await origin.get('top/1.m4s', { range })).status).toBe(200)
    }
  })

  it('sends large bodies through sockets that are slower than we are', async () => {
    await using origin = await anOrigin(1.5)
    const file = join(directory, 'large.m4s')
    const large = Buffer.alloc(24 << 20, 'large body ')
    await writeFile(file, large)
    origin.stored.set('storyboard-0.jpg', { file })
    const answers = await Promise.all(Array.from({ length: 4 }, () => origin.get('storyboard-0.jpg')))
    for (const { body } of answers) expect(body.equals(large)).toBe(true)
  })

  it('answers HEAD and OPTIONS, and lets any page embed it', async () => {
    await using origin = await anOrigin(3)
    const path = `/live/m1/${aToken()}/${BROADCAST}`
    const head = await origin.ask('HEAD', `${path}/top/0.m4s`)
    const get = await origin.get('top/0.m4s')
    expect(head).toMatchObject({ status: 200, body: Buffer.alloc(0) })
    expect(head.headers['content-length']).toBe(`${get.body.length}`)
    expect((await origin.ask('HEAD', `${path}/top/index.m3u8`)).headers['content-type']).toBe(
      'application/vnd.apple.mpegurl',
    )
    const options = await origin.ask('OPTIONS', `${path}/top/index.m3u8`)
    expect(options.status).toBe(204)
    expect(options.headers['access-control-allow-methods']).toContain('GET')
    for (const { headers } of [get, options, await origin.get('index.m3u8'), await origin.get('nothing')]) {
      expect(headers['access-control-allow-origin']).toBe('*')
    }
    expect((await origin.ask('PUT', `${path}/top/index.m3u8`)).status).toBe(404)
  })

  it('refuses a wrong, edited, expired, foreign or revoked token', async () => {
    const revoked = new Set<string>()
    await using origin = await anOrigin(3, { isRevoked: ({ subject }) => revoked.has(subject) })
    const seconds = Math.floor(Date.now() / 1000)
    const good = aToken({ subject: 'u5' })
    const statusOf = async (token: string) => (await origin.get('top/index.m3u8', {}, token)).status
    expect(await statusOf(good)).toBe(200)
    for (const bad of [
      'x',
      '%00',
      good.slice(0, -1),
      good.replace('u5', 'u6'),
      `${good}x`,
      aToken({}, 'another secret of thirty-two characters'),
      aToken({ issuedAt: seconds - 100, expiresAt: seconds - 1 }),
      aToken({ id: 'c'.repeat(24) }),
      aToken({ kind: 'recording' }),
    ]) {
      expect(await statusOf(bad), bad).toBe(403)
    }
    revoked.add('u5')
    expect(await statusOf(good)).toBe(403)
    revoked.clear()
    origin.clock.aheadMs = 3_700_000
    expect(await statusOf(good)).toBe(403)
  })

  it.each([
    'top/../index.m3u8',
    '../index.m3u8',
    'top/%2e%2e/index.m3u8',
    '..%2findex.m3u8',
    'top//index.m3u8',
    'top\\index.m3u8',
    'top/index.m3u8/',
    'top/00.m4s',
    'top/1e3.m4s',
    'top/99999999999999999999.m4s',
    'top/init--1.mp4',
    'storyboard-x.jpg',
    'TOP/index.m3u8',
    'top/index.m3u8%00',
    '',
  ])('knows no %j', async (path) => {
    await using origin = await anOrigin(3)
    expect((await origin.get(path)).status).toBe(404)
  })

  it('knows neither another node nor another broadcast', async () => {
    await using origin = await anOrigin(3)
    const id = 'c'.repeat(24)
    expect((await origin.ask('GET', `/live/m2/${aToken()}/${BROADCAST}/index.m3u8`)).status).toBe(404)
    expect((await origin.ask('GET', `/live/m1/${aToken({ id })}/${id}/index.m3u8`)).status).toBe(404)
    expect((await origin.ask('GET', '/live/m1')).status).toBe(404)
    expect((await origin.ask('GET', '/')).status).toBe(404)
  })

  it('answers hls.js with what there is just before it would abort, and Apple after three target durations', async () => {
    await using origin = await anOrigin(5.5)
    const apple = { 'user-agent': 'AppleCoreMedia/1.0.0.21F90 (iPhone; U; CPU OS 17_5_1 like Mac OS X; en_us)' }
    const hlsJs = origin.get('top/index.m3u8?_HLS_msn=4')
    const player = origin.get('top/index.m3u8?_HLS_msn=4', apple)
    await vi.waitFor(() => expect(origin.held()).toBe(2))
    origin.clock.aheadMs = 1350
    const before = checkMediaPlaylist(await origin.text('top/index.m3u8'))
    origin.clock.aheadMs = 1550
    const answer = await hlsJs
    expect(answer.status).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-cache')
    expect(checkMediaPlaylist(answer.body.toString())).toEqual(before)
    expect(origin.held()).toBe(1)
    origin.clock.aheadMs = 6100
    expect((await player).status).toBe(503)
  })

  it('gives up on a hinted part that never comes', async () => {
    await using origin = await Origin.start({ init })
    await origin.show.start({ hasAudio: false })
    await origin.show.advanceTo(5.4)
    const hinted = origin.get('top/3.2.m4s')
    await vi.waitFor(() => expect(origin.held()).toBe(1))
    await origin.show.stop()
    expect((await hinted).status).toBe(404)
    const next = origin.get('top/4.0.m4s')
    await vi.waitFor(() => expect(origin.held()).toBe(1))
    origin.clock.aheadMs = 6100
    expect((await next).status).toBe(503)
  })

  it('forgets a held request when its client goes', async () => {
    await using origin = await anOrigin(5.5)
    const [host, port] = origin.server.address.split(':')
    const socket = connect(Number(port), host)
    socket.write(`GET /live/m1/${aToken()}/${BROADCAST}/top/index.m3u8?_HLS_msn=4 HTTP/1.1\r\nhost: x\r\n\r\n`)
    await vi.waitFor(() => expect(origin.held()).toBe(1))
    socket.destroy()
    await vi.waitFor(() => expect(origin.held()).toBe(0))
    await origin.show.advanceTo(8)
    expect((await origin.get('top/index.m3u8')).status).toBe(200)
  })

  it('serves from the archive what has left memory', async () => {
    await using origin = await anOrigin(40)
    const file = join(directory, '0.m4s')
    await writeFile(file, 'segment 0')
    origin.stored.set('top/0.m4s', { file })
    origin.stored.set('top/1.m4s', { bytes: Buffer.from('segment 1') })
    origin.stored.set('top/2.m4s', { redirect: 'https://store.test/2.m4s?signed' })
    expect((await origin.get('top/0.m4s')).body.toString()).toBe('segment 0')
    expect((await origin.get('top/1.m4s', { range: 'bytes=0-2' })).body.toString()).toBe('seg')
    const redirect = await origin.get('top/2.m4s')
    expect(redirect).toMatchObject({ status: 302, headers: { location: 'https://store.test/2.m4s?signed' } })
    expect((await origin.get('top/3.m4s')).status).toBe(404)
    expect((await origin.get('top/0.0.m4s')).status).toBe(404)
  })

  it('serves thumbnail and storyboard beside the playlists', async () => {
    await using origin = await anOrigin(3)
    origin.stored.set('thumbnail.jpg', { bytes: Buffer.from('jpeg') })
    origin.stored.set('storyboard.vtt', { bytes: Buffer.from('WEBVTT') })
    expect((await origin.get('thumbnail.jpg')).headers['content-type']).toBe('image/jpeg')
    expect(await origin.text('storyboard.vtt')).toBe('WEBVTT')
    expect((await origin.get('storyboard-3.jpg')).status).toBe(404)
  })

  it('counts distinct viewers of the last ten seconds', async () => {
    await using origin = await anOrigin(3)
    for (const subject of ['u1', 'u2', 'u2', 'gabc']) await origin.get('top/index.m3u8', {}, aToken({ subject }))
    expect(origin.server.viewers(BROADCAST)).toBe(3)
    origin.clock.aheadMs = 8000
    await origin.get('top/index.m3u8', {}, aToken({ subject: 'u2' }))
    origin.clock.aheadMs = 12_000
    expect(origin.server.viewers(BROADCAST)).toBe(1)
    expect(origin.server.viewers('nobody')).toBe(0)
  })

  it('keeps a broadcast for those who are still watching its end, then forgets it', async () => {
    await using origin = await anOrigin(5)
    await origin.show.stop()
    origin.show.packager.end()
    const retired = origin.server.retire(BROADCAST, 100)
    expect(await origin.text('top/index.m3u8')).toContain('#EXT-X-ENDLIST')
    await retired
    expect((await origin.get('top/index.m3u8')).status).toBe(404)
  })

  it('gives a thousand waiting viewers the same part', async () => {
    await using origin = await anOrigin(5.5)
    const open = checkMediaPlaylist(await origin.text('top/index.m3u8')).open
    const path = `top/index.m3u8?_HLS_msn=${open?.msn}&_HLS_part=${open?.parts.length}`
    const waiting = Array.from({ length: 1000 }, () => origin.get(path))
    await vi.waitFor(() => expect(origin.held()).toBe(1000), { timeout: 20_000 })
    await origin.show.advanceTo(5.8)
    const texts = (await Promise.all(waiting)).map(({ body }) => body.toString())
    expect(new Set(texts).size).toBe(1)
  })

  it('serves recordings from the spool, by names of ours only', async () => {
    const asked: string[] = []
    const recording = 'd'.repeat(24)
    await using origin = await anOrigin(1, {
      readRecording: async (id, path) => {
        asked.push(`${id} ${path}`)
        return path === 'index.m3u8' ? { bytes: Buffer.from('#EXTM3U') } : null
      },
    })
    const token = aToken({ kind: 'recording', id: recording })
    const get = (path: string, text = token) => origin.ask('GET', `/vod/${text}/${recording}/${path}`)
    const top = await get('index.m3u8')
    expect(top.body.toString()).toBe('#EXTM3U')
    expect(top.headers['content-type']).toBe('application/vnd.apple.mpegurl')
    expect((await get('top/12.m4s')).status).toBe(404)
    expect(asked).toEqual([`${recording} index.m3u8`, `${recording} top/12.m4s`])
    for (const path of ['../journal', 'top/../x', 'journal.jsonl', 'top/index.m3u8/..', 'a/b/1.m4s', 'top/1.0.m4s']) {
      expect((await get(path)).status, path).toBe(404)
    }
    expect((await get('index.m3u8', aToken())).status).toBe(403)
    expect(asked).toHaveLength(2)
  })

  it('ends a broadcast for who knows the internal secret', async () => {
    const ended: string[] = []
    await using origin = await anOrigin(1, {
      endBroadcast: async (id) => {
        ended.push(id)
        return id === BROADCAST
      },
    })
    const post = (id: string, secret: string) =>
      origin.ask('POST', `/internal/broadcasts/${id}/end`, { 'x-internal-secret': secret })
    expect((await post(BROADCAST, SECRET)).status).toBe(204)
    expect((await post('other', SECRET)).status).toBe(404)
    expect((await post(BROADCAST, 'guess')).status).toBe(403)
    expect((await post(BROADCAST, '')).status).toBe(403)
    expect(ended).toEqual([BROADCAST, 'other'])
  })

  it('tells its health and its metrics', async () => {
    await using origin = await anOrigin(1, { metrics: async () => 'viewers 3\n' })
    expect((await origin.ask('GET', '/healthz')).body.toString()).toBe('ok')
    expect((await origin.ask('GET', '/metrics')).body.toString()).toBe('viewers 3\n')
  })

  it('listens on a unix socket, over a stale one too, and leaves none behind', async () => {
    const listen = join(directory, 'hls.sock')
    await writeFile(listen, '')
    {
      await using origin = await anOrigin(3, { listen })
      expect(origin.server.address).toBe(listen)
      expect((await origin.get('top/index.m3u8')).status).toBe(200)
    }
    expect(existsSync(listen)).toBe(false)
  })

  it('says so when it cannot listen', async () => {
    await using origin = await anOrigin(1)
    const options = { tokenSecret: SECRET, internalSecret: SECRET, nodeName: 'm1', isRevoked: () => false }
    await expect(startHlsServer({ ...options, listen: origin.server.address })).rejects.toThrow('cannot listen on')
    const tooLong = join(directory, 'x'.repeat(120))
    await expect(startHlsServer({ ...options, listen: tooLong })).rejects.toThrow('107 bytes')
  })
})
