import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const post = (path = '/api/auth/login/') => request(server.server).post(path).type('json')

describe('a body', () => {
  it.each(['{', '{"email":', 'null', '"text"', '[1,2', '{"a":1}}', "{'a':1}", '\u0000'])(
    'of malformed JSON is refused: %j',
    async (text) => {
      const answer = await post().send(text)
      expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ code: 'malformed_json' })])
    },
  )

  it('of JSON that is no object is refused field by field', async () => {
    expect((await post().send('[]')).body).toEqual({ non_field_errors: [expect.any(String)] })
  })

  it('with a zero character in it is refused', async () => {
    for (const text of ['{"email":"a\\u0000@b.cd"}', '{"a\\\\\\u0000":1}']) {
      expect((await post().send(text)).body.code).toBe('malformed_json')
    }
    expect((await post().send('{"email":"a@b.cd","password":"\\\\u0000 typed out"}')).body.code).toBe('bad_credentials')
  })

  it('with half a character in it is refused, with a whole one not', async () => {
    const code = async (password: string) =>
      (await post().send(`{"email":"${Math.random()}@b.cd","password":"${password}"}`)).body.code
    for (const text of [
      '\\ud83d',
      '\\ude00',
      '\\uDE00\\uD83D',
      'a\\ud83d\\ude00\\ud83d',
      '\\\\\\ud83d',
      '\\\\ud83d\\ude00',
    ]) {
      expect([text, await code(text)]).toEqual([text, 'malformed_json'])
    }
    for (const text of ['\\ud83d\\ude00', '\\uD83D\\uDE00\\ud83d\\ude00', '\\\\ud83d', 'ud83d', '\ud83d\ude00']) {
      expect([text, await code(text)]).toEqual([text, 'bad_credentials'])
    }
  })

  it('of 10 MB is refused, also when it does not say so or is packed', async () => {
    const large = JSON.stringify({ email: 'a@b.cd', password: 'x'.repeat(10_000_000) })
    const answer = await post()
      .send(large)
      .catch((error) => error)
    if (answer.status) expect([answer.status, answer.body.code]).toEqual([413, 'body_too_large'])
    const packed = await post()
      .set('content-encoding', 'gzip')
      .serialize((body) => body)
      .send(gzipSync(large))
    expect([packed.status, packed.body.code]).toEqual([413, 'body_too_large'])
  })

  it('cannot change what objects are made of', async () => {
    for (const text of [
      '{"__proto__":{"isAdmin":true},"email":"a@b.cd","password":"x"}',
      '{"constructor":{"prototype":{"isAdmin":true}},"email":"a@b.cd","password":"x"}',
    ]) {
      expect((await post().send(text)).status).toBe(400)
    }
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined()
  })

  it('of another type is refused', async () => {
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
    ]) {
      const answer = await request(server.server).post('/api/auth/login/').set('content-type', type).send('a=b')
      expect([answer.status, answer.body.code]).toEqual([415, 'json_only'])
    }
  })

  it('is never in the log', async () => {
    await post().send('{"password":"very secret words"')
    expect(server.log()).not.toContain('very secret words')
  })
})

describe('a URL', () => {
  it('works with and without its slash, with GET and with HEAD', async () => {
    for (const path of [
      '/api/live',
      '/api/live/',
      '/api/recordings',
      '/api/recordings/',
      '/api/auth/csrf',
      '/api/auth/csrf/',
    ]) {
      await request(server.server).get(path).expect(200)
      const head = await request(server.server).head(path).expect(200)
      expect(head.text).toBeUndefined()
    }
  })

  it('that is unknown is 404, a method that is unknown 405 with those that are', async () => {
    for (const path of ['/', '/api/', '/api/nothing', '/internal/nothing', '/api/live/x/y', '/vod/']) {
      const answer = await request(server.server).get(path)
      expect([answer.status, answer.body.code]).toEqual([404, 'not_found'])
    }
    const answer = await request(server.server).put('/api/live/').expect(405)
    expect(answer.get('allow')).toMatch(/GET/)
    expect(answer.body.code).toBe('method_not_allowed')
  })

  it.each([
    '/api/channels/%',
    '/api/channels/%ff',
    '/api/channels/%00',
    '/api/broadcasts/%2e%2e%2f',
    '/api/recordings/?channel=%00',
    '/api/recordings/?channel=a&channel=b',
    `/api/channels/${'x'.repeat(3000)}`,
  ])('that makes no sense is refused without a bug: %s', async (path) => {
    const { port } = server.server.address() as AddressInfo
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    const [data] = await once(socket, 'data')
    socket.destroy()
    expect(Number(String(data).slice(9, 12))).toBeGreaterThanOrEqual(400)
    expect(Number(String(data).slice(9, 12))).toBeLessThan(500)
  })
})

describe('every answer', () => {
  it('carries security headers and a request id', async () => {
    const answer = await request(server.server).get('/api/live/').set('x-request-id', 'from-the-proxy-1').expect(200)
    expect(answer.get('x-request-id')).toBe('from-the-proxy-1')
    expect(answer.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.get('x-content-type-options')).toBe('nosniff')
    expect(answer.get('strict-transport-security')).toBeUndefined()
    const made = await request(server.server).get('/api/live/').set('x-request-id', 'evil\tid')
    expect(made.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  })

  it('speaks English or Russian', async () => {
    const say = async (language: string) =>
      (await request(server.server).get('/api/auth/me/').set('accept-language', language)).body.detail
    expect([await say('ru-RU,ru;q=0.9'), await say('en'), await say('fr')]).toEqual([
      'Сначала войдите.',
      'Sign in first.',
      'Sign in first.',
    ])
  })

  it('is for the hosts that are ours, when they are said', async () => {
    await using strict = await startServer({ env: { ALLOWED_HOSTS: 'www.ustat.test, ustat.example:8443' } })
    const status = async (host: string) => (await request(strict.server).get('/api/live/').set('host', host)).status
    expect(
      await Promise.all(['ustat.test', 'www.ustat.test', 'ustat.example:8443', 'evil.example'].map(status)),
    ).toEqual([200, 200, 200, 421])
    await request(strict.server).get('/healthz').set('host', 'evil.example').expect(200)
  })
})

describe('an address behind our proxy', () => {
  it('is the last hop, whatever the visitor claims before it', async () => {
    await using strict = await startServer({ limitFactor: 1 })
    const user = await strict.register()
    const guess = (claimed: string, index: number) =>
      request(strict.server)
        .post('/api/auth/login/')
        .set('x-forwarded-for', `${claimed}, 203.0.113.5`)
        .send({ email: `${index}-${user.email}`, password: PASSWORD })
    const answers = []
    for (let index = 0; index < 7; index++) answers.push((await guess(`10.0.0.${index}`, index)).status)
    expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429])
  })
})

describe('metrics', () => {
  it('name routes, never paths', async () => {
    await request(server.server).get('/api/channels/some-secret-slug/').expect(404)
    for (const path of ['/vod/some-secret-slug/x', '/api/uploads/some-secret-slug', '/some-secret-slug']) {
      await request(server.server).head(path)
    }
    const { text } = await request(server.server).get('/metrics').expect(200)
    for (const route of ['/api/channels/:slug', '/vod', '/api/uploads', 'none']) {
      expect(text).toContain(`route="${route}"`)
    }
    expect(text).not.toContain('some-secret-slug')
  })
})
