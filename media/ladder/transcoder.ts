import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, type Writable } from 'node:stream'
import ffmpeg from 'fluent-ffmpeg'
import type { MediaPacket } from '../ingest/publisher.ts'
import type { Logger } from '../logger.ts'
import { ByteQueue } from './byte-queue.ts'
import { ladderCommand } from './ffmpeg-args.ts'
import { flvHeader, flvTag } from './flv.ts'
import { sourceTag } from './flv-metadata.ts'
import type { Ladder, Source } from './ladder.ts'
import { type Progress, ProgressMeter } from './progress.ts'

/** How long a disposed ffmpeg may take to flush. */
const GRACE_MS = 2000
const ERROR_LINES = 12

export type TranscoderErrorCode = 'ffmpeg_failed'

/** The message ends with ffmpeg's last words; it is never given a stream key, so they hold none. */
export class TranscoderError extends Error {
  override readonly name = 'TranscoderError'
  readonly code: TranscoderErrorCode

  constructor(code: TranscoderErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

export interface TranscoderOptions {
  ladder: Ladder
  source: Source
  /** The codec configurations in force where this run begins. */
  headers: readonly MediaPacket[]
  logger: Logger
  /** Where the sockets' directory is made; must be short, since a socket's path ends at 107 bytes. */
  directory?: string
}

/**
 * One ffmpeg process: FLV in through stdin, one fragmented MP4 a rendition out through unix sockets, which
 * fluent-ffmpeg can express where it has no way to hand over more pipes.
 *
 *   write() ──FLV──▶ ffmpeg ──unix socket──▶ ByteQueue ──▶ outputs.get(name)
 *                       └──unix socket──▶ progress
 *
 * Guarantees:
 *   1. Every output is drained into memory as it comes: a slow reader never blocks ffmpeg or the other renditions.
 *   2. The packet at `firstDtsMs` comes out at OUTPUT_OFFSET_SECONDS in every output, the others in proportion.
 *   3. After `end()` everything written comes out, then the outputs end, then `done` resolves. When ffmpeg dies, the
 *      outputs end with what was whole, then `done` rejects.
 *   4. ffmpeg dies with this process: its stdin closes.
 */
export class Transcoder implements AsyncDisposable {
  readonly outputs: ReadonlyMap<string, AsyncIterable<Uint8Array>>
  /** @throws {TranscoderError} `ffmpeg_failed` */
  readonly done: Promise<void>
  readonly #options: TranscoderOptions
  readonly #queues: ReadonlyMap<string, ByteQueue>
  readonly #input = new PassThrough()
  readonly #progress = new ProgressMeter()
  #command: ffmpeg.FfmpegCommand | null = null // set once the sockets listen
  #waiting: MediaPacket[] | null = [] // null once ffmpeg reads
  #firstDts: number | null = null // set with the first packet that ffmpeg is given
  #hasEnded = false
  #isDisposed = false

  constructor(options: TranscoderOptions) {
    this.#options = options
    this.#queues = new Map(options.ladder.renditions.map(({ name }) => [name, new ByteQueue()]))
    this.outputs = this.#queues
    this.done = this.#run()
    // Whoever cares awaits it; a rejection that nobody awaits must not end the process.
    this.done.catch(() => {})
  }

  /** The smallest decode time that was written before ffmpeg started, in milliseconds; null until then. */
  get firstDtsMs(): number | null {
    return this.#firstDts
  }

  /** Bytes that ffmpeg has not taken yet. Some 200 kB more are in the kernel. */
  get backlogBytes(): number {
    const stdin = this.#stdin
    return (
      (this.#waiting ?? []).reduce((sum, { data }) => sum + data.length, 0) +
      this.#input.writableLength +
      this.#input.readableLength +
      (stdin?.writableLength ?? 0)
    )
  }

  /** Bytes that nobody has read from the outputs yet. */
  get unreadBytes(): number {
    return [...this.#queues.values()].reduce((sum, queue) => sum + queue.length, 0)
  }

  get progress(): Progress {
    return this.#progress.at(performance.now())
  }

  /** Of the running ffmpeg, or null. */
  get pid(): number | null {
    return processOf(this.#command)?.pid ?? null
  }

  /**
   * Takes the next packet. Codec configurations in mid-run are left out: repeated ones mean nothing, and a changed one
   * needs another run (see configuration.ts).
   */
  write(packet: MediaPacket): void {
    if (this.#hasEnded) throw new Error('write after end')
    if (packet.isHeader || packet.kind === 'metadata') return
    if (this.#waiting) this.#waiting.push(packet)
    else this.#send(packet)
  }

  /** No more packets: ffmpeg flushes and exits. Safe to call twice. */
  end(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (!this.#waiting) this.#input.end()
  }

  /** Ends the run; an ffmpeg that has not flushed after two seconds is killed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    this.end()
    const timer = setTimeout(() => this.#command?.kill('SIGKILL'), GRACE_MS)
    await this.done.catch(() => {})
    clearTimeout(timer)
  }

  async #run(): Promise<void> {
    const { ladder, source, logger } = this.#options
    const sockets: OutputSocket[] = []
    let directory: string | null = null
    let isComplete = false
    try {
      directory = await mkdtemp(join(this.#options.directory ?? tmpdir(), 'ustat-'))
      for (const [index, { name }] of ladder.renditions.entries()) {
        const queue = this.#queues.get(name) as ByteQueue
        sockets.push(await OutputSocket.open(join(directory, `${index}`), (bytes) => queue.push(bytes)))
      }
      const progress = await OutputSocket.open(join(directory, 'p'), (bytes) =>
        this.#progress.take(bytes, performance.now()),
      )
      sockets.push(progress)

      const { inputOptions, filter, outputs } = ladderCommand(ladder, source)
      const command = ffmpeg({ source: this.#input, stdoutLines: ERROR_LINES }).inputOptions(
        ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'warning'],
        ...['-progress', progress.url, '-stats_period', '0.5'],
        ...inputOptions,
      )
      if (filter) command.complexFilter(filter)
      for (const [index, { options }] of outputs.entries()) {
        command.addOutput(sockets[index]?.url ?? '').outputOptions(...options)
      }
      const exited = new Promise<void>((resolve, reject) => {
        command.on('end', () => resolve())
        command.on('error', (error, _stdout, stderr) => reject(asTranscoderError(error, stderr)))
        command.on('start', () => logger.debug({ pid: this.pid }, 'ffmpeg started'))
        command.on('stderr', (line: string) => logger.debug({ line }, 'ffmpeg says'))
      })
      this.#command = command
      command.run()
      this.#open()
      await exited
      isComplete = true
      if (!this.#hasEnded) throw new TranscoderError('ffmpeg_failed', 'ffmpeg ended before its input')
    } catch (cause) {
      const error = cause instanceof TranscoderError ? cause : asTranscoderError(cause as Error, null)
      if (!this.#isDisposed) logger.warn({ error }, 'ffmpeg failed')
      throw error
    } finally {
      this.#input.destroy()
      this.#waiting = null
      // What ffmpeg wrote last is still in the kernel: it comes before the end.
      await Promise.all(sockets.map((socket) => socket.close(isComplete)))
      for (const queue of this.#queues.values()) queue.end()
      if (directory) await rm(directory, { recursive: true, force: true })
    }
  }

  /** What waited for the sockets goes first; it decides where the run's clock begins. */
  #open(): void {
    const { headers, source } = this.#options
    const waiting = this.#waiting ?? []
    if (waiting.length > 0)
      this.#firstDts = waiting.reduce((least, { dts }) => Math.min(least, dts), Number.POSITIVE_INFINITY)
    this.#waiting = null
    this.#input.write(flvHeader({ hasAudio: source.audio !== null, hasVideo: source.video !== null }))
    this.#input.write(sourceTag(source))
    for (const header of headers) {
      if (this.#takes(header)) this.#input.write(flvTag({ ...header, dts: 0, pts: 0 }))
    }
    for (const packet of waiting) this.#send(packet)
    if (this.#hasEnded) this.#input.end()
  }

  #send(packet: MediaPacket): void {
    if (!this.#takes(packet) || this.#input.destroyed) return
    this.#firstDts ??= packet.dts
    // FLV has no negative times; only a packet older than all that came before ffmpeg started would need one.
    const dts = Math.max(0, packet.dts - this.#firstDts)
    this.#input.write(flvTag({ ...packet, dts, pts: dts + packet.pts - packet.dts }))
  }

  /** A track that the probe did not find is left out: ffmpeg would wait for it. */
  #takes({ kind }: MediaPacket): boolean {
    return kind !== 'metadata' && this.#options.source[kind] !== null
  }

  get #stdin(): Writable | null {
    return processOf(this.#command)?.stdin ?? null
  }
}

/**
 * Asks ffmpeg once what it can do, which fluent-ffmpeg otherwise does before the first run of a process: 130 ms that a
 * viewer would wait. Never fails: a missing ffmpeg shows at the first run.
 */
export async function warmUp(): Promise<void> {
  await new Promise<void>((resolve) => ffmpeg.getAvailableFormats(() => resolve()))
  await new Promise<void>((resolve) => ffmpeg.getAvailableEncoders(() => resolve()))
}

/** fluent-ffmpeg has it while ffmpeg runs, and leaves it out of its types. */
function processOf(command: ffmpeg.FfmpegCommand | null): { pid?: number; stdin: Writable | null } | null {
  return (command as { ffmpegProc?: { pid?: number; stdin: Writable | null } } | null)?.ffmpegProc ?? null
}

function asTranscoderError(error: Error, stderr: string | null): TranscoderError {
  const lines = (stderr ?? '').trim().split('\n').slice(-ERROR_LINES).join('\n')
  return new TranscoderError('ffmpeg_failed', `${error.message.split('\n')[0]}\n${lines}`.trim(), { cause: error })
}

/** A unix socket that takes one connection and hands on what comes. */
class OutputSocket {
  readonly url: string
  readonly #server: Server
  readonly #closed = Promise.withResolvers<void>()
  #isConnected = false

  private constructor(path: string, onBytes: (bytes: Buffer) => void) {
    this.url = `unix:${path}`
    this.#server = createServer((connection) => {
      this.#isConnected = true
      connection.on('data', onBytes)
      // A killed ffmpeg may reset its connections: an end like any other, `done` says why.
      connection.on('error', () => {})
      connection.on('close', () => this.#closed.resolve())
    })
  }

  static async open(path: string, onBytes: (bytes: Buffer) => void): Promise<OutputSocket> {
    const socket = new OutputSocket(path, onBytes)
    socket.#server.listen(path)
    await once(socket.#server, 'listening')
    return socket
  }

  /**
   * Resolves when everything that was sent has been handed on.
   *
   * @param isComplete ffmpeg succeeded, so it did connect, even if that has not been noticed yet
   */
  async close(isComplete: boolean): Promise<void> {
    if (isComplete || this.#isConnected) await this.#closed.promise
    this.#server.close()
  }
}
