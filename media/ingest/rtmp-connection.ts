import type { Socket } from 'node:net'
import amf from 'node-media-server/src/protocol/amf.js'
import type { Logger } from '../logger.ts'
import { ChunkReader, type RtmpMessage } from './chunk-reader.ts'
import { encoderOf, isEnhanced, isMedia, toPacket } from './flv-tags.ts'
import { openSession, type RtmpProtocol } from './library-session.ts'
import { PacketQueue } from './packet-queue.ts'
import type { PublishDecision, Publisher } from './publisher.ts'
import { RtmpAnswers } from './rtmp-answers.ts'
import {
  MAX_COMMAND_BYTES,
  MAX_COMMANDS_BEFORE_PUBLISH,
  MAX_MESSAGE_BYTES,
  parseConnect,
  parseStreamKey,
  parseTransaction,
  type RtmpLimits,
  RtmpRefusal,
  RtmpViolation,
} from './rtmp-guard.ts'
import type { RtmpMetrics } from './rtmp-metrics.ts'

export interface RtmpConnectionOptions {
  address: string
  limits: RtmpLimits
  logger: Logger
  metrics: RtmpMetrics
  /** The sentence for an encoder that may not send its key over this connection. */
  refusal: string | null
  acceptsEnhanced: boolean
  decide: (streamKey: string, signal: AbortSignal) => Promise<PublishDecision>
}

const USER_CONTROL = 4
const WINDOW_SIZE = 5
const COMMAND_AMF3 = 17
const COMMAND_AMF0 = 20
const PING_REQUEST = 6

/**
 * One RTMP connection: node-media-server's handshake and answers, our parser, and the order in which things may happen.
 *
 *   handshake ──▶ connected ──▶ deciding ──▶ publishing ──▶ closing ──▶ closed
 *       └─────────────┴─────────────┴────────────┴──────────────┴──────────▲
 *
 *   handshake   until `connect`
 *   connected   commands only; media is dropped
 *   deciding    the key is being checked: the socket is paused and nothing was answered
 *   publishing  NetStream.Publish.Start was sent; media goes to `packets`
 *   closing     `packets` has ended; what still comes is thrown away
 *
 * None of node-media-server's streams, players or names exist here: packets go from this socket to this publisher and
 * nowhere else. Whatever is thrown while bytes are read ends this connection and nothing else.
 */
export class RtmpConnection implements Publisher {
  readonly address: string
  readonly packets: PacketQueue
  readonly #socket: Socket
  readonly #options: RtmpConnectionOptions
  readonly #rtmp: RtmpProtocol
  readonly #answers: RtmpAnswers
  readonly #reader = new ChunkReader()
  readonly #gone = new AbortController()
  #state: 'handshake' | 'connected' | 'deciding' | 'publishing' | 'closing' | 'closed' = 'handshake'
  #encoder: string | null = null
  #hasStopped = false
  #streamId = 0 // of the publish command; status messages carry it
  #commands = 0
  #receivedBytes = 0
  #timer: NodeJS.Timeout

  constructor(socket: Socket, options: RtmpConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.address = options.address
    this.packets = new PacketQueue(() => this.#readAgain())
    this.#timer = setTimeout(() => this.#drop('no stream was published in time'), options.limits.publishWithinMs)

    this.#rtmp = openSession(socket, {
      onReceived: (data) => this.#guarded(() => this.#receive(data)),
      onChunks: (data) => {
        this.#reader.push(data)
        this.#readMessages()
      },
      onOutput: (data) => this.#write(data),
      onClosed: () => this.#end('closed'),
    })
    this.#answers = new RtmpAnswers(this.#rtmp)
  }

  get encoder(): string | null {
    return this.#encoder
  }

  get hasStopped(): boolean {
    return this.#hasStopped
  }

  get isPublishing(): boolean {
    return this.#state === 'publishing'
  }

  /** Nothing is lost when it is closed to make room for another connection. */
  get isIdle(): boolean {
    return this.#state === 'handshake' || this.#state === 'connected'
  }

  disconnect(reason: string): void {
    this.#tell('NetStream.Publish.Denied', reason)
  }

  #receive(data: Buffer): void {
    this.#receivedBytes += data.length
    this.#options.metrics.receivedBytes += data.length
    if (this.#gone.signal.aborted) return
    if (this.isPublishing && !this.#socket.isPaused()) this.#timer.refresh()
    if (this.#rtmp.handshakeState === 0 && data[0] !== 3) throw new RtmpViolation('not RTMP')
    this.#rtmp.parserData(data)
    if (this.#state !== 'handshake') this.#answers.acknowledge(this.#receivedBytes)
  }

  /** Stops in front of what follows a `publish` until that is decided. */
  #readMessages(): void {
    while (this.isIdle || this.isPublishing) {
      const message = this.#reader.next()
      if (!message) return
      this.#take(message)
    }
  }

  #take(message: RtmpMessage): void {
    const { type, payload } = message
    if (isMedia(message)) this.#takeMedia(message)
    else if (type === COMMAND_AMF0) this.#takeCommand(payload, message.streamId)
    else if (type === COMMAND_AMF3) this.#takeCommand(payload.subarray(1), message.streamId)
    else if (type === WINDOW_SIZE) this.#answers.setPeerWindow(payload.readUInt32BE())
    else if (type === USER_CONTROL && payload.readUInt16BE() === PING_REQUEST)
      this.#answers.pong(payload.readUInt32BE(2))
  }

  #takeMedia(message: RtmpMessage): void {
    if (!this.isPublishing) {
      if (message.payload.length === 0) throw new RtmpViolation('empty media before publish')
      return
    }
    if (isEnhanced(message) && !this.#options.acceptsEnhanced) {
      this.disconnect('This server takes H.264 video and AAC audio. Choose them in the encoder.')
      return
    }
    const packet = toPacket(message)
    if (!packet) return
    this.#encoder = encoderOf(packet) ?? this.#encoder
    this.packets.push(packet)
    if (this.packets.bytes > this.#options.limits.maxQueuedBytes) {
      this.#socket.pause()
      // It is we who do not read: silence says nothing of the publisher now.
      clearTimeout(this.#timer)
    }
  }

  #takeCommand(payload: Buffer, streamId: number): void {
    if (payload.length > MAX_COMMAND_BYTES) throw new RtmpViolation('a command above the limit')
    if (!this.isPublishing && ++this.#commands > MAX_COMMANDS_BEFORE_PUBLISH)
      throw new RtmpViolation('too many commands')
    const command = amf.decodeAmf0Cmd(payload)
    const name = command.cmd
    if (name !== 'connect' && this.#state === 'handshake') throw new RtmpViolation('a command before connect')
    if (name === 'connect') this.#connect(command)
    else if (name === 'createStream') this.#answers.streamCreated(parseTransaction(command.transId))
    else if (name === 'publish') this.#publish(command, streamId)
    else if (name === 'play' || name === 'play2')
      this.#tell('NetStream.Play.Failed', 'Shows are watched in the browser, not over RTMP.', streamId)
    else if (name === 'FCUnpublish' || name === 'deleteStream' || name === 'closeStream') this.#unpublish()
  }

  #connect(command: Record<string, unknown>): void {
    if (this.#state !== 'handshake') throw new RtmpViolation('a second connect')
    const { transaction, encoder, refusal } = parseConnect(command)
    const sentence = this.#options.refusal ?? refusal
    if (sentence) {
      this.#answers.rejected(transaction, sentence)
      this.#refused('NetConnection.Connect.Rejected', sentence)
      return
    }
    this.#encoder = encoder
    this.#state = 'connected'
    this.#answers.connected(transaction)
  }

  /** Nothing that was sent after `publish` is read, and nothing is answered, before the key is accepted. */
  #publish(command: Record<string, unknown>, streamId: number): void {
    if (this.#state !== 'connected') throw new RtmpRefusal('This connection publishes already.')
    this.#streamId = streamId
    const streamKey = parseStreamKey(command.streamName)
    this.#state = 'deciding'
    clearTimeout(this.#timer)
    this.#socket.pause()
    void this.#decide(streamKey)
  }

  async #decide(streamKey: string): Promise<void> {
    const { decide, logger, limits, metrics } = this.#options
    const unavailable = { refuse: 'The stream key cannot be checked right now. Try again in a few seconds.' }
    const decision = await decide(streamKey, this.#gone.signal).catch((error: unknown) => {
      if (!this.#gone.signal.aborted) logger.error({ error }, 'a stream key could not be checked')
      return unavailable
    })
    // The server closed it meanwhile.
    if (this.#state !== 'deciding') return
    if ('refuse' in decision) {
      this.#tell('NetStream.Publish.BadName', decision.refuse)
      return
    }
    this.#state = 'publishing'
    this.#reader.maxMessageBytes = MAX_MESSAGE_BYTES
    this.#timer = setTimeout(() => this.#drop('the publisher sends nothing any more'), limits.idleMs)
    try {
      decision.accept(this)
    } catch (error) {
      logger.error({ error }, 'an accepted publisher was not taken')
      this.disconnect(unavailable.refuse)
    }
    if (!this.isPublishing) return
    metrics.publishes++
    logger.info({ address: this.address, encoder: this.#encoder }, 'publisher accepted')
    this.#answers.status(this.#streamId, 'status', 'NetStream.Publish.Start', 'The show begins.')
    this.#guarded(() => this.#readMessages())
    this.#socket.resume()
  }

  #unpublish(): void {
    // Some encoders clean up before they begin.
    if (!this.isPublishing) return
    this.#hasStopped = true
    this.#answers.status(this.#streamId, 'status', 'NetStream.Unpublish.Success', 'The show has ended.')
    this.#close()
  }

  #tell(code: string, sentence: string, streamId = this.#streamId): void {
    if (this.#gone.signal.aborted) return
    this.#answers.status(streamId, 'error', code, sentence)
    this.#refused(code, sentence)
  }

  #refused(code: string, sentence: string): void {
    this.#options.metrics.refusals++
    this.#options.logger.info({ address: this.address, code, sentence }, 'publisher refused')
    this.#close()
  }

  /**
   * The encoder gets time to read the last words: a socket destroyed with unread bytes resets the connection, and the
   * words are lost. What it still sends is read and thrown away.
   */
  #close(): void {
    this.#end('closing')
    this.#timer = setTimeout(() => this.#socket.destroy(), this.#options.limits.lingerMs)
    this.#socket.end()
    this.#socket.resume()
  }

  #end(state: 'closing' | 'closed'): void {
    this.#state = state
    clearTimeout(this.#timer)
    this.#gone.abort()
    this.packets.end()
  }

  /** The show took packets: room for more. */
  #readAgain(): void {
    if (!this.isPublishing || !this.#socket.isPaused()) return
    if (this.packets.bytes > this.#options.limits.maxQueuedBytes / 2) return
    this.#timer = setTimeout(() => this.#drop('the publisher sends nothing any more'), this.#options.limits.idleMs)
    this.#socket.resume()
  }

  #write(data: Buffer): void {
    if (this.#socket.writableLength > this.#options.limits.maxUnsentBytes) this.#drop('answers are not read')
    else if (this.#socket.writable) this.#socket.write(data)
  }

  #guarded(work: () => void): void {
    try {
      work()
    } catch (error) {
      if (error instanceof RtmpRefusal) this.#tell('NetStream.Publish.BadName', error.message)
      else if (error instanceof RtmpViolation) this.#drop(error.message)
      // Messages of other errors may quote what was received, and with it a key.
      else
        this.#drop(error instanceof Error ? `malformed: ${error.name} ${error.stack?.split('\n    ')[1]}` : 'malformed')
    }
  }

  #drop(reason: string): void {
    this.#options.metrics.violations++
    this.#options.logger.info({ address: this.address, reason }, 'connection dropped')
    this.#end('closed')
    this.#socket.destroy()
  }
}
