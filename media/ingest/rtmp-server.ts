import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'
import type { Logger } from '../logger.ts'
import { isLoopback, limitKey, plainAddress } from './addresses.ts'
import { KeyAttempts } from './key-attempts.ts'
import type { PublishDecision, PublishRequest } from './publisher.ts'
import { RtmpConnection } from './rtmp-connection.ts'
import { DEFAULT_LIMITS, type RtmpLimits } from './rtmp-guard.ts'
import { noMetrics, type RtmpMetrics } from './rtmp-metrics.ts'
import { TlsContext, type TlsFiles } from './tls-context.ts'

export interface RtmpServerOptions {
  /** 0: any free one. */
  port: number
  host?: string
  /** With it RTMPS and RTMP share the port, and plain RTMP is taken from this machine only. */
  tls: TlsFiles | null
  logger: Logger
  /** Whether HEVC, AV1 and the like (Enhanced RTMP) are passed on; else their encoder is told that they are not. */
  acceptsEnhanced?: boolean
  limits?: Partial<RtmpLimits>
  /** Called for each key that may be one; only then does the encoder get an answer. */
  onPublish: (request: PublishRequest) => Promise<PublishDecision>
}

export interface RtmpServer extends AsyncDisposable {
  readonly port: number
  /** Open right now, publishing or not. */
  readonly connections: number
  readonly publishers: number
  readonly metrics: Readonly<RtmpMetrics>
  /** Refuses new connections, tells every encoder, and resolves when all sockets are gone. */
  close(): Promise<void>
}

const TLS_HANDSHAKE = 0x16
const ONLY_ENCRYPTED =
  'Use rtmps:// in the server address: this server takes stream keys over encrypted connections only.'
const TOO_MANY_ATTEMPTS = 'Too many wrong stream keys came from your address. Wait a minute, then try again.'

/**
 * Where encoders connect.
 *
 * @throws {Error} when the port is taken or the certificate cannot be read
 */
export async function startRtmpServer(options: RtmpServerOptions): Promise<RtmpServer> {
  const ingest = new Ingest(options)
  await ingest.listen()
  return ingest
}

class Ingest implements RtmpServer {
  readonly metrics = noMetrics()
  readonly #options: RtmpServerOptions
  readonly #limits: RtmpLimits
  readonly #tls: TlsContext | null
  readonly #listener: Server
  readonly #attempts = new KeyAttempts()
  /** In order of arrival. Null until the first byte tells whether it is encrypted. */
  readonly #connections = new Map<Socket, { key: string; connection: RtmpConnection | null }>()
  #closing: Promise<void> | null = null

  constructor(options: RtmpServerOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#tls = options.tls ? new TlsContext(options.tls, options.logger) : null
    this.#listener = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 }, (socket) =>
      this.#accept(socket),
    )
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  get connections(): number {
    return this.#connections.size
  }

  get publishers(): number {
    return [...this.#connections.values()].filter(({ connection }) => connection?.isPublishing).length
  }

  async listen(): Promise<void> {
    this.#listener.listen(this.#options.port, this.#options.host)
    await once(this.#listener, 'listening')
    this.#listener.on('error', (error) => this.#options.logger.error({ error }, 'rtmp listener'))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    const closed = once(this.#listener, 'close')
    this.#listener.close()
    for (const [socket, { connection }] of this.#connections) {
      if (connection && !connection.isIdle) connection.disconnect('The server restarts. Reconnect in a few seconds.')
      else socket.destroy()
    }
    await closed
  }

  #accept(socket: Socket): void {
    // Without a listener a reset is an exception.
    socket.on('error', () => {})
    const { remoteAddress } = socket
    if (!remoteAddress) return void socket.destroy()
    const address = plainAddress(remoteAddress)
    const key = limitKey(address)
    if (!this.#makeRoom(key)) {
      this.metrics.turnedAway++
      return void socket.destroy()
    }
    this.metrics.connections++
    this.#connections.set(socket, { key, connection: null })
    socket.once('close', () => this.#connections.delete(socket))
    if (this.#tls) this.#detect(socket, address, this.#tls)
    else this.#serve(socket, socket, address, null)
  }

  /** RTMPS begins with a TLS record, RTMP with its version. */
  #detect(socket: Socket, address: string, tls: TlsContext): void {
    const tooLate = setTimeout(() => socket.destroy(), this.#limits.publishWithinMs)
    socket.once('close', () => clearTimeout(tooLate))
    socket.once('data', (first) => {
      clearTimeout(tooLate)
      socket.pause()
      socket.unshift(first)
      if (first[0] === TLS_HANDSHAKE) {
        const encrypted = new TLSSocket(socket, { isServer: true, secureContext: tls.current() })
        this.#serve(encrypted, socket, address, null)
      } else this.#serve(socket, socket, address, isLoopback(address) ? null : ONLY_ENCRYPTED)
    })
  }

  #serve(stream: Socket, socket: Socket, address: string, refusal: string | null): void {
    const entry = this.#connections.get(socket)
    if (!entry) return
    entry.connection = new RtmpConnection(stream, {
      address,
      refusal,
      limits: this.#limits,
      logger: this.#options.logger,
      metrics: this.metrics,
      acceptsEnhanced: this.#options.acceptsEnhanced ?? false,
      decide: (streamKey, signal) => this.#decide({ streamKey, address }, entry.key, signal),
    })
    stream.resume()
  }

  /** An address has its limit; beyond the limit in all, the oldest connection that does not publish gives way. */
  #makeRoom(key: string): boolean {
    const entries = [...this.#connections.values()]
    if (entries.filter((entry) => entry.key === key).length >= this.#limits.maxConnectionsPerAddress) return false
    if (entries.length < this.#limits.maxConnections) return true
    for (const [socket, { connection }] of this.#connections) {
      if (connection && !connection.isIdle) continue
      socket.destroy()
      this.#connections.delete(socket)
      return true
    }
    return false
  }

  async #decide(request: PublishRequest, key: string, signal: AbortSignal): Promise<PublishDecision> {
    const delayMs = this.#attempts.delayMs(key, Date.now())
    using place = delayMs > 0 ? this.#attempts.enter(key) : null
    if (delayMs > 0) {
      if (!place) return { refuse: TOO_MANY_ATTEMPTS }
      await delay(delayMs, undefined, { signal })
    }
    const tooLate = new AbortController()
    try {
      const decision = await Promise.race([
        this.#options.onPublish(request),
        delay(this.#limits.decideWithinMs, undefined, { signal: tooLate.signal }).then(() => {
          throw new Error('the platform did not answer for a stream key')
        }),
      ])
      if ('refuse' in decision && decision.isKeyWrong !== false) this.#attempts.failed(key, Date.now())
      return decision
    } finally {
      tooLate.abort()
    }
  }
}
