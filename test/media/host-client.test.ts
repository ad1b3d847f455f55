import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHostClient } from '../../media/host-client.ts'

const broadcast = 'b'.repeat(24)
const recording = 'c'.repeat(24)
const grant = { channel: 'anna', broadcast, recording, title: 'Lesson 1' }
const secret = 's'.repeat(32)
const key = 'very-secret-key'
const asking = { streamKey: key, node: 'm1', address: '192.0.2.7' }

interface Call {
  method: string
  url: string
  secret: unknown
  body: unknown
}

type Answer = { status: number; body?: unknown; raw?: string }

/** The platform's end: remembers what it was asked. */
async function aPlatform(
  answer: Answer | ((request: IncomingMessage, response: ServerResponse) => void),
  listen: string | 0 = 0,
) {
  const calls: Call[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString())
    calls.push({
      method: request.method ?? '',
      url: request.url ?? '',
      secret: request.headers['x-internal-secret'],
      body,
    })
    if (typeof answer === 'function') return answer(request, response)
    response.statusCode = answer.status
    response.end(answer.raw ?? (answer.body === undefined ? '' : JSON.stringify(answer.body)))
  })
  if (listen) server.listen(listen)
  else server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const url = typeof address === 'string' ? `unix:${address}` : `http://127.0.0.1:${address?.port}`
  const host = createHostClient({ url, secret, authorizeWithinMs: 300, answerWithinMs: 300 })
  onTestFinished(() => {
    host[Symbol.dispose]()
    server.closeAllConnections()
    server.close()
  })
  return { host, calls, server, url }
}

describe('authorize', () => {
  it('asks whose key it is', async () => {
    const { host, calls } = await aPlatform({ status: 200, body: grant })
    expect(await host.authorize(asking)).toEqual(grant)
    expect(calls).toEqual([
      {
        method: 'POST',
        url: '/internal/ingest/authorize',
        secret,
        body: { stream_key: key, node: 'm1', address: '192.0.2.7' },
      },
    ])
  })

  it('goes over a unix socket', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'ustat-host-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const { host } = await aPlatform({ status: 200, body: grant }, join(directory, 'api.sock'))
    expect(await host.authorize(asking)).toEqual(grant)
  })

  it('is refused with the sentence of the platform', async () => {
    const { host } = await aPlatform({ status: 403, body: { detail: 'Unknown stream key.', code: 'not_allowed' } })
    await expect(host.authorize(asking)).rejects.toMatchObject({ code: 'refused', message: 'Unknown stream key.' })
  })

  it('is refused with a sentence of its own when the platform has none', async () => {
    const { host } = await aPlatform({ status: 403, raw: '<html>' })
    await expect(host.authorize(asking)).rejects.toMatchObject({
      code: 'refused',
      message: 'This stream key is not accepted.',
    })
  })

  it.each<[string, Parameters<typeof aPlatform>[0]]>([
    ['fails', { status: 500, body: { detail: 'x' } }],
    ['rejects the secret', { status: 401, body: { detail: 'x' } }],
    ['answers something else', { status: 200, raw: '<html>' }],
    ['names a broadcast that is no id', { status: 200, body: { ...grant, broadcast: '../..' } }],
    ['answers without an end', (_, response) => void response.write('{')],
    ['does not answer', () => {}],
    ['hangs up', (request) => void request.socket.destroy()],
    ['answers two megabytes', { status: 200, raw: ' '.repeat(2 * 1024 * 1024) }],
  ])('is unavailable when the platform %s', async (_, answer) => {
    const { host } = await aPlatform(answer)
    await expect(host.authorize(asking)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'Stream keys cannot be checked right now. Try again in a few seconds.',
    })
  })

  it.each(['http://127.0.0.1:1', 'unix:/nowhere/api.sock'])('is unavailable when nobody listens (%s)', async (url) => {
    using host = createHostClient({ url, secret })
    await expect(host.authorize(asking)).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('never puts the key or the secret into an error', async () => {
    const { host, server } = await aPlatform({ status: 500, raw: `${key} ${secret}` })
    const failures = [await host.authorize(asking).catch((error: unknown) => error)]
    server.closeAllConnections()
    server.close()
    failures.push(await host.authorize(asking).catch((error: unknown) => error))
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(Error)
      const { message, stack, cause } = failure as Error
      const all = [message, stack, String(cause), JSON.stringify(cause, Object.getOwnPropertyNames(cause ?? {}))].join()
      expect(all).not.toContain(key)
      expect(all).not.toContain(secret)
    }
  })
})

describe('reports', () => {
  const by = { eventId: 'e1', node: 'm1', broadcast }

  it('are snake case, with times in ISO 8601', async () => {
    const { host, calls } = await aPlatform({ status: 204 })
    await host.broadcastStarted({ ...by, startedAtMs: 0 })
    await host.broadcastEnded({ ...by, endedAtMs: 1500, cause: 'publisher_lost' })
    await host.recordingClosed({
      ...by,
      recording,
      isPlayable: true,
      durationSeconds: 12.5,
      width: 1280,
      height: 720,
      renditions: ['720p', '480p'],
      sizeBytes: 1234,
      hasThumbnail: true,
      hasStoryboard: false,
      isUploaded: false,
    })
    expect(calls.map(({ url, body }) => [url, body])).toEqual([
      [
        `/internal/broadcasts/${broadcast}/started`,
        { event_id: 'e1', node: 'm1', started_at: '1970-01-01T00:00:00.000Z' },
      ],
      [
        `/internal/broadcasts/${broadcast}/ended`,
        { event_id: 'e1', node: 'm1', ended_at: '1970-01-01T00:00:01.500Z', cause: 'publisher_lost' },
      ],
      [
        `/internal/recordings/${recording}/closed`,
        {
          event_id: 'e1',
          node: 'm1',
          broadcast,
          is_playable: true,
          duration_seconds: 12.5,
          width: 1280,
          height: 720,
          renditions: ['720p', '480p'],
          size_bytes: 1234,
          has_thumbnail: true,
          has_storyboard: false,
          is_uploaded: false,
        },
      ],
    ])
  })

  it('are unavailable, not lost, when the platform does not take them', async () => {
    const { host } = await aPlatform({ status: 503 })
    await expect(host.broadcastStarted({ ...by, startedAtMs: 0 })).rejects.toMatchObject({ code: 'unavailable' })
  })

  it('get through when the platform has closed the kept connection meanwhile', async () => {
    const { host, server, calls } = await aPlatform((request, response) => {
      response.statusCode = 204
      response.end()
      // As a server does that ends its idle connections just now.
      if (calls.length === 1) request.socket.destroySoon()
    })
    await host.broadcastStarted({ ...by, startedAtMs: 0 })
    await Promise.all([1, 2, 3].map(() => host.broadcastStarted({ ...by, startedAtMs: 0 })))
    expect(calls).toHaveLength(4)
    expect(server.listening).toBe(true)
  })
})

describe('beat', () => {
  it('says what this process holds, and is told what to cut', async () => {
    const { host, calls } = await aPlatform({ status: 200, body: { cut: [broadcast] } })
    const beat = {
      node: 'm1',
      url: 'unix:/run/media.sock',
      rtmpUrl: 'rtmp://localhost:1935/live',
      broadcasts: [broadcast],
    }
    expect(await host.beat(beat)).toEqual({ cut: [broadcast] })
    expect(calls[0]).toMatchObject({
      url: '/internal/nodes/m1/beat',
      body: { url: beat.url, rtmp_url: beat.rtmpUrl, broadcasts: [broadcast] },
    })
  })

  it('cuts nothing on an answer that makes no sense', async () => {
    const { host } = await aPlatform({ status: 200, body: { cut: 'all' } })
    const beat = host.beat({ node: 'm1', url: '', rtmpUrl: '', broadcasts: [] })
    await expect(beat).rejects.toMatchObject({ code: 'unavailable' })
  })
})
