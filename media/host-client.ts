import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps, Agent as SecureAgent } from 'node:https'
import { z } from 'zod'
import { type MediaHost, MediaHostError, type PublishGrant } from './host.ts'

export interface HostClientOptions {
  /** Where the api's `/internal` is: `http://host:port`, `https://host:port` or `unix:/path`. */
  url: string
  /** Sent with every call. */
  secret: string
  /** An encoder waits for `authorize`, so the platform has no longer. */
  authorizeWithinMs?: number
  answerWithinMs?: number
}

interface Answer {
  status: number
  body: unknown
}

const MAX_ANSWER_BYTES = 1024 * 1024
const NOT_NOW = 'Stream keys cannot be checked right now. Try again in a few seconds.'
const id = z.string().regex(/^[0-9a-f]{24}$/)
const grantAnswer = z.object({ channel: z.string().min(1), broadcast: id, recording: id, title: z.string() })
const refusalAnswer = z.object({ detail: z.string().min(1).max(300) })
const beatAnswer = z.object({ cut: z.array(id) })

/**
 * MediaHost over HTTP. Every failure is a MediaHostError: `refused` for a 403 to `authorize`, `unavailable` for all
 * else. Nothing is tried again here but a kept connection that the platform had closed already: who reports keeps
 * the report until it got through. No error holds a stream key, the secret or an answer's body.
 */
export function createHostClient(options: HostClientOptions): MediaHost & Disposable {
  const { answerWithinMs = 5000, authorizeWithinMs = 2000 } = options
  const api = new Api(options.url, options.secret)

  async function report(path: string, body: object): Promise<Answer> {
    const answer = await api.post(path, body, answerWithinMs)
    if (answer.status < 200 || answer.status > 299)
      throw new MediaHostError('unavailable', `The platform answered ${answer.status} to ${path}.`)
    return answer
  }

  return {
    async authorize({ streamKey, node, address }): Promise<PublishGrant> {
      const body = { stream_key: streamKey, node, address }
      const answer = await api.post('/internal/ingest/authorize', body, authorizeWithinMs).catch((error: unknown) => {
        throw new MediaHostError('unavailable', NOT_NOW, { cause: error })
      })
      if (answer.status === 403) {
        const refusal = refusalAnswer.safeParse(answer.body)
        throw new MediaHostError('refused', refusal.success ? refusal.data.detail : 'This stream key is not accepted.')
      }
      const grant = grantAnswer.safeParse(answer.body)
      if (answer.status === 200 && grant.success) return grant.data
      throw new MediaHostError('unavailable', NOT_NOW, { cause: new Error(`the platform answered ${answer.status}`) })
    },

    async broadcastStarted({ eventId, node, broadcast, startedAtMs }) {
      const body = { event_id: eventId, node, started_at: time(startedAtMs) }
      await report(`/internal/broadcasts/${broadcast}/started`, body)
    },

    async broadcastEnded({ eventId, node, broadcast, endedAtMs, cause }) {
      const body = { event_id: eventId, node, ended_at: time(endedAtMs), cause }
      await report(`/internal/broadcasts/${broadcast}/ended`, body)
    },

    async recordingClosed({ eventId, node, broadcast, recording, ...about }) {
      await report(`/internal/recordings/${recording}/closed`, {
        event_id: eventId,
        node,
        broadcast,
        is_playable: about.isPlayable,
        duration_seconds: about.durationSeconds,
        width: about.width,
        height: about.height,
        renditions: about.renditions,
        size_bytes: about.sizeBytes,
        has_thumbnail: about.hasThumbnail,
        has_storyboard: about.hasStoryboard,
        is_uploaded: about.isUploaded,
      })
    },

    async beat({ node, url, rtmpUrl, broadcasts }) {
      const path = `/internal/nodes/${node}/beat`
      const answer = beatAnswer.safeParse((await report(path, { url, rtmp_url: rtmpUrl, broadcasts })).body)
      if (!answer.success) throw new MediaHostError('unavailable', `The platform's answer to ${path} makes no sense.`)
      return answer.data
    },

    [Symbol.dispose]: () => api.close(),
  }
}

function time(ms: number): string {
  return new Date(ms).toISOString()
}

/** POSTs JSON; fetch has no unix sockets, so node:http. */
class Api {
  readonly #target: { socketPath: string } | { host: string; port: string; protocol: string }
  readonly #basePath: string
  readonly #isSecure: boolean
  readonly #secret: string
  readonly #agent: Agent

  constructor(url: string, secret: string) {
    const isUnix = url.startsWith('unix:')
    const { protocol, hostname, port, pathname } = new URL(isUnix ? 'http://localhost' : url)
    this.#isSecure = protocol === 'https:'
    // Brackets belong to the URL, not to an IPv6 address.
    const host = hostname.replace(/^\[|\]$/g, '')
    this.#target = isUnix ? { socketPath: url.slice('unix:'.length) } : { host, port, protocol }
    this.#basePath = pathname.replace(/\/$/, '')
    this.#secret = secret
    this.#agent = new (this.#isSecure ? SecureAgent : Agent)({ keepAlive: true, maxSockets: 32 })
  }

  close(): void {
    this.#agent.destroy()
  }

  /** @throws {MediaHostError} `unavailable`: no answer in time, or none that can be read */
  async post(path: string, body: object, withinMs: number): Promise<Answer> {
    const signal = AbortSignal.timeout(withinMs)
    try {
      return await this.#send(path, body, signal)
    } catch (error) {
      // Its sentence says it all; a cause may hold what was sent.
      const reason = signal.aborted ? `no answer in ${withinMs} ms` : codeOf(error)
      throw new MediaHostError('unavailable', `The platform cannot be reached at ${path}: ${reason}.`)
    }
  }

  async #send(path: string, body: object, signal: AbortSignal): Promise<Answer> {
    const content = JSON.stringify(body)
    const open = this.#isSecure ? requestHttps : requestHttp
    while (true) {
      const request = open({
        ...this.#target,
        agent: this.#agent,
        signal,
        method: 'POST',
        path: `${this.#basePath}${path}`,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(content),
          'x-internal-secret': this.#secret,
        },
      })
      try {
        const response = await answered(request, content)
        return { status: response.statusCode ?? 0, body: await readJson(response) }
      } catch (error) {
        // The platform closes idle connections just when one is used again. Calls may arrive twice without harm.
        if (!request.reusedSocket || codeOf(error) !== 'ECONNRESET') throw error
      }
    }
  }
}

function answered(request: ClientRequest, content: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
    request.end(content)
  })
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long')
    chunks.push(chunk)
  }
  if (bytes === 0) return null
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    // A proxy's error page: its status says enough.
    return null
  }
}

function codeOf(error: unknown): string {
  const { code, message } = error as { code?: unknown; message?: unknown }
  return typeof code === 'string' ? code : String(message ?? 'failed')
}
