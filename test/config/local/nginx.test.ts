import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { type FrontSettings, startNginx, writeFrontConfig } from '../../../config/local/nginx.ts'
import { run } from '../../../config/local/processes.ts'
import { findProgram } from '../../../config/local/programs.ts'
import { freePort } from '../../support/ports.ts'

const directory = mkdtempSync(join(tmpdir(), 'ustat nginx-'))
const stack = new AsyncDisposableStack()
const accessLog = join(directory, 'access.log')
const seen: { headers: IncomingMessage['headers']; url: string }[] = []
const openTokens = new Set<string>()
let settings: FrontSettings

const playlist = `#EXTM3U\n${'#EXT-X-PART:DURATION=0.2,URI="1.m4s"\n'.repeat(50)}`

beforeAll(async () => {
  const pages = join(directory, 'dist')
  const store = join(directory, 'store')
  mkdirSync(join(pages, 'assets'), { recursive: true })
  mkdirSync(join(store, 'recordings', 'r1'), { recursive: true })
  writeFileSync(join(pages, 'index.html'), '<!doctype html><title>Ustat</title>')
  writeFileSync(join(pages, 'assets', 'main-1a2b.js'), '0')
  writeFileSync(join(pages, '.sources'), 'hash')
  writeFileSync(join(store, 'recordings', 'r1', '7.m4s'), '0123456789')
  mkdirSync(join(store, 'videos', 'a'.repeat(24), '720p'), { recursive: true })
  writeFileSync(join(store, 'videos', 'a'.repeat(24), '720p', '3.m4s'), '0123456789')
  settings = {
    directory: join(directory, 'nginx'),
    host: '127.0.0.1',
    port: await freePort(),
    tls: null,
    upstreams: {
      api: await upstream('api', answerAsApi),
      chat: [await upstream('chat', (_, answer) => answer.end('chat'))],
      media: { m1: await upstream('media', answerAsMedia) },
    },
    pages: { directory: pages },
    store: { kind: 'disk', directory: store },
    accessLog,
    chatSocketsPerAddress: 2000,
  }
  await startNginx(settings, { logFile: join(directory, 'nginx.log'), report: () => {} }, stack)
})
afterAll(async () => {
  await stack.disposeAsync()
  rmSync(directory, { recursive: true, force: true })
})

const answerAsApi: RequestListener = (incoming, answer) => {
  seen.push({ headers: incoming.headers, url: incoming.url ?? '' })
  if (incoming.url === '/vod/token/r1/7.m4s') answer.setHeader('X-Accel-Redirect', '/_store/recordings/r1/7.m4s')
  if (incoming.url === '/vod/token/r2/7.m4s') answer.setHeader('X-Accel-Redirect', '/_media/m1/vod/token/r2/7.m4s')
  if (incoming.url === '/vod/token/r1/index.m3u8') {
    answer.setHeader('Content-Type', 'application/vnd.apple.mpegurl')
    answer.setHeader('Cache-Control', 'no-cache')
    answer.end(playlist)
    return
  }
  const [, token] = /^\/vod-place\/(\S+)\/a{24}$/.exec(incoming.url ?? '') ?? []
  if (token) {
    answer.statusCode = openTokens.has(token) ? 204 : 403
    answer.setHeader('X-Vod-Folder', 'videos')
    answer.setHeader('X-Accel-Expires', '1')
    answer.end()
    return
  }
  answer.end(`api ${incoming.url}`)
}

const answerAsMedia: RequestListener = (incoming, answer) => {
  // What it says of other origins is replaced, not repeated.
  answer.setHeader('Access-Control-Allow-Origin', 'https://elsewhere.example')
  answer.end(`media ${incoming.url}`)
}

async function upstream(name: string, listener: RequestListener): Promise<string> {
  const socket = join(directory, `${name}.sock`)
  const server = createServer(listener).listen(socket)
  stack.defer(() => {
    server.closeAllConnections()
    server.close()
  })
  await once(server, 'listening')
  return `unix:${socket}`
}

/** Not fetch: it tidies the path and opens gzip. */
async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const outgoing = request({ host: '127.0.0.1', port: settings.port, path, headers, method }).end()
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  const body = Buffer.concat(await incoming.toArray())
  return { status: incoming.statusCode, headers: incoming.headers, body, text: body.toString() }
}

it('sends the pages with a strict policy, and asks for them anew each time', async () => {
  for (const path of ['/', '/c/anna', '/recordings/1']) {
    const { status, headers, text } = await get(path)
    expect([status, text]).toEqual([200, '<!doctype html><title>Ustat</title>'])
    expect(headers['cache-control']).toBe('no-cache')
    expect(headers['content-security-policy']).toContain("default-src 'self'; img-src 'self' data: blob:; style-src")
    expect(headers['content-security-policy']).toContain("connect-src 'self' data:; frame-src https://")
    expect(headers['content-security-policy']).toContain("; object-src 'none'; base-uri 'self'")
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' })
    expect(headers.server).toBe('nginx')
  }
})

it('lets files with a hash in their name be kept for ever, and does not make up missing ones', async () => {
  expect((await get('/assets/main-1a2b.js')).headers['cache-control']).toContain('immutable')
  expect((await get('/assets/main-0000.js')).status).toBe(404)
  expect((await get('/.sources')).status).toBe(404)
})

it('passes the API and health on with what it knows of the client, not what the client says', async () => {
  const answer = await get('/api/courses/?page=2', {
    'x-forwarded-for': '203.0.113.9',
    'x-forwarded-proto': 'https',
    'x-internal-secret': 'guess',
    forwarded: 'for=203.0.113.9',
  })
  expect(answer.text).toBe('api /api/courses/?page=2')
  const { headers } = seen.at(-1) ?? { headers: {} }
  expect(headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http' })
  expect(headers).not.toHaveProperty('x-internal-secret')
  expect(headers).not.toHaveProperty('forwarded')
  for (const path of ['/health', '/healthz', '/readyz']) expect((await get(path)).text).toBe(`api ${path}`)
})

it('takes a large body only where a file is expected', async () => {
  const send = async (path: string) => {
    const outgoing = request({ host: '127.0.0.1', port: settings.port, path, method: 'PUT', agent: false })
    // A connection of its own: one that was refused in the middle of its body is of no more use.
    outgoing.end(Buffer.alloc(2_000_000))
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    incoming.resume()
    return incoming.statusCode
  }
  for (const path of [
    '/api/profiles/me/avatar/',
    '/api/channels/me/picture',
    '/api/courses/1/thumbnail',
    '/api/lessons/1/submissions/',
  ]) {
    expect([path, await send(path)]).toEqual([path, 200])
  }
  expect(await send('/api/profiles/me/')).toBe(413)
})

it.each([
  '/internal/broadcasts/1/end',
  '/metrics',
  '//internal/x',
  '/live/m1/../../internal/x',
  '/live/m1/%2e%2e/%2E%2E/metrics',
  '/internal/../api/courses/',
  '/api/..%2finternal/x',
  '/_store/recordings/r1/7.m4s',
  '/_media/m1/metrics',
])('keeps %s to itself', async (path) => {
  const calls = seen.length
  const { status, text } = await get(path)
  expect([400, 404]).toContain(status)
  expect(text).toContain('nginx')
  expect(seen.length).toBe(calls)
})

it('passes a running show on to the process that holds it, for every origin', async () => {
  const { text, headers } = await get('/live/m1/tok.en-_/b1/720p/index.m3u8?_HLS_msn=4&_HLS_part=2')
  expect(text).toBe('media /live/m1/tok.en-_/b1/720p/index.m3u8?_HLS_msn=4&_HLS_part=2')
  expect(headers['access-control-allow-origin']).toBe('*')
  expect(headers['cross-origin-resource-policy']).toBe('cross-origin')
})

it.each(['/live/m9/token/b1/index.m3u8', '/live/m1/token/b%0d%0aHost:x/index.m3u8', '/live/m1'])(
  'knows no process for %s',
  async (path) => {
    const { status, text } = await get(path)
    expect(text).not.toContain('media')
    if (path !== '/live/m1') expect(status).toBe(404)
  },
)

it("sends an object of the store when the api says so, in ranges, and keeps the path's token to itself", async () => {
  const { status, text, headers } = await get('/vod/token/r1/7.m4s', { range: 'bytes=2-4' })
  expect([status, text]).toEqual([206, '234'])
  expect(headers).toMatchObject({
    'access-control-allow-origin': '*',
    'cache-control': 'public, max-age=31536000, immutable',
    'content-range': 'bytes 2-4/10',
  })
  expect(headers.etag).toBeDefined()
})

it('sends segments on disk by itself, to whom the api said in the last second that it may', async () => {
  const [open, shut] = ['o'.repeat(70), 's'.repeat(70)]
  openTokens.add(open)
  const [id, file] = ['a'.repeat(24), 'aaaaaaaaaaaaaaaaaaaaaaaa/720p/3.m4s']
  const asked = () => seen.filter(({ url }) => url.startsWith('/vod-place/')).length
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => get(`/vod/${open}/${file}`, { range: 'bytes=2-4', cookie: 'session=1' })),
  )
  for (const { status, text, headers } of answers) {
    expect([status, text]).toEqual([206, '234'])
    expect(headers).toMatchObject({
      ...{ 'access-control-allow-origin': '*', 'cache-control': 'private, max-age=86400, immutable' },
      ...{ 'content-type': 'video/iso.segment', 'content-range': 'bytes 2-4/10' },
    })
    expect(headers['x-vod-folder']).toBeUndefined()
  }
  await get(`/vod/${open}/${file}`)
  expect(asked()).toBeLessThanOrEqual(20)
  expect(seen.find(({ url }) => url.startsWith('/vod-place/'))?.headers.cookie).toBeUndefined()
  // Another's answer is not his, and what is refused is told by the api.
  expect((await get(`/vod/${shut}/${file}`)).text).toBe(`api /vod/${shut}/${file}`)
  expect((await get(`/vod/${open}/${file}`, {}, 'POST')).text).toBe(`api /vod/${open}/${file}`)
  expect((await get(`/vod/${open}/${id}/720p/4.m4s`)).status).toBe(404)
  expect((await get(`/vod/${open}/${file}`, {}, 'OPTIONS')).status).toBe(204)
  expect((await get('/_vod-place')).status).toBe(404)
  openTokens.delete(open)
  await expect.poll(async () => (await get(`/vod/${open}/${file}`)).text, { timeout: 4000 }).toContain('api /vod/')
  // Not one of many at once gets what was before.
  const late = await Promise.all(Array.from({ length: 20 }, () => get(`/vod/${open}/${file}`)))
  expect(late.filter(({ text }) => !text.startsWith('api /vod/'))).toEqual([])
})

it('asks the media process for what is not uploaded yet, when the api says so', async () => {
  const { text, headers } = await get('/vod/token/r2/7.m4s')
  expect(text).toBe('media /vod/token/r2/7.m4s')
  expect(headers['access-control-allow-origin']).toBe('*')
})

it('compresses playlists and keeps what the api says of caching', async () => {
  const { headers, body } = await get('/vod/token/r1/index.m3u8', { 'accept-encoding': 'gzip' })
  expect(headers['content-encoding']).toBe('gzip')
  expect(headers['cache-control']).toBe('no-cache')
  expect(gunzipSync(body).toString()).toBe(playlist)
})

it('answers a preflight of any origin', async () => {
  const { status, headers } = await get('/live/m1/token/b1/1.m4s', { origin: 'https://elsewhere.example' }, 'OPTIONS')
  expect(status).toBe(204)
  expect(headers['access-control-allow-origin']).toBe('*')
  expect(headers['access-control-allow-headers']).toContain('Range')
})

it('writes neither a token nor a query down', async () => {
  await get('/vod/SECRET1/r1/index.m3u8?x=SECRET2')
  await get('/live/m1/SECRET3/b1/index.m3u8')
  await get('//vod/SECRET4/r1/x')
  await get('/api/verify?token=SECRET5')
  await get('/last')
  await vi.waitFor(() => expect(readFileSync(accessLog, 'utf8')).toContain('/last'))
  const text = readFileSync(accessLog, 'utf8') + readFileSync(join(directory, 'nginx.log'), 'utf8')
  expect(text).toContain('"GET /vod/***/r1/index.m3u8" 200')
  expect(text).not.toContain('SECRET')
})

it('says in JSON that the api is starting again', async () => {
  await using own = new AsyncDisposableStack()
  const lonely = {
    ...settings,
    directory: join(directory, 'lonely'),
    port: await freePort(),
    upstreams: { ...settings.upstreams, api: 'unix:/nonexistent' },
  }
  await startNginx(lonely, { logFile: join(directory, 'lonely.log'), report: () => {} }, own)
  const answer = await fetch(`http://127.0.0.1:${lonely.port}/api/courses/`)
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('2')
  expect(await answer.json()).toMatchObject({ code: 'unavailable' })
  expect((await fetch(`http://127.0.0.1:${lonely.port}/healthz`)).status).toBe(503)
})

it('allows the pages to load from the bucket, and from nowhere else', () => {
  const store = {
    kind: 's3' as const,
    endpoint: 'https://a1.r2.cloudflarestorage.com',
    region: 'auto',
    bucket: 'lessons',
    accessKeyId: 'id',
    secretAccessKey: 'key',
    publicUrl: 'https://cdn.example.org/public',
  }
  writeFrontConfig({ ...settings, directory: join(directory, 's3'), store })
  const text = readFileSync(join(directory, 's3', 'conf', 'page-headers.conf'), 'utf8')
  const origins =
    'https://a1.r2.cloudflarestorage.com https://lessons.a1.r2.cloudflarestorage.com https://cdn.example.org https://lessons.cdn.example.org'
  expect(text).toContain(`connect-src 'self' data: ${origins};`)
  expect(text).toContain(`media-src 'self' blob: ${origins};`)
})

it('is accepted by nginx in every shape, with nothing left to fill in', async () => {
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  await run(
    ['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'].concat([
      ...['-subj', '/CN=localhost', '-keyout', keyFile, '-out', certFile],
    ]) as [string, ...string[]],
  )
  expect(existsSync(certFile)).toBe(true)
  const shapes: Partial<FrontSettings>[] = [
    { host: null },
    { host: '::1' },
    { tls: { certFile, keyFile } },
    { pages: { url: 'http://127.0.0.1:5173' } },
    {
      upstreams: {
        api: 'http://127.0.0.1:3000',
        chat: ['127.0.0.1:3002', 'http://127.0.0.1:3005'],
        media: { a: '127.0.0.1:4000', 'b-2': '127.0.0.1:4001' },
      },
    },
    { accessLog: '/dev/null' },
  ]
  for (const [index, shape] of shapes.entries()) {
    const own = { ...settings, ...shape, directory: join(directory, `shape ${index}`) }
    const file = writeFrontConfig(own)
    for (const each of readdirSync(join(own.directory, 'conf'))) {
      expect(readFileSync(join(own.directory, 'conf', each), 'utf8')).not.toContain('{{')
    }
    const { isOk, text } = await run([findProgram('nginx'), '-t', '-c', file, '-p', own.directory, '-e', 'stderr'])
    expect(isOk, text).toBe(true)
    expect(text).not.toMatch(/\[(warn|error|emerg|alert)\]/)
  }
})

it('refuses a path that nginx would read otherwise', () => {
  expect(() => writeFrontConfig({ ...settings, accessLog: '/tmp/$uri.log' })).toThrow(/nginx cannot take this path/)
})
