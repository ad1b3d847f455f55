import { Archiver } from './archive/archiver.ts'
import type { RecordingSummary } from './archive/vod.ts'
import { type MediaContext, spoolOf } from './context.ts'
import { Feed, type Run } from './feed.ts'
import { HealthMeter } from './health.ts'
import type { BroadcastHealth, PublishGrant } from './host.ts'
import type { Publisher } from './ingest/publisher.ts'
import { Timeline } from './ingest/timeline.ts'
import type { Rendition } from './ladder/ladder.ts'
import { onlyRouted, routeRenditions } from './ladder/route-renditions.ts'
import type { StoredBody } from './packager/hls-server.ts'
import { Packager } from './packager/packager.ts'
import { Reports } from './reports.ts'
import { nextStates, type SessionState } from './session-state.ts'
import { describeShow } from './show-health.ts'

/**
 * Owns what one broadcast needs (feed, packager, archiver) and the order of its life. A publisher that said it stops
 * ends the broadcast at once; one that was lost may return within 30 s to the same broadcast and recording.
 */
export class Session {
  readonly grant: PublishGrant
  /** Why it ended, when it was not the publisher's wish. */
  cause: string | null = null
  /** Settled when nothing of the broadcast needs this process any more. */
  readonly forgotten: Promise<void>
  readonly #context: MediaContext
  readonly #reports: Reports
  readonly #meter = new HealthMeter()
  #forget: () => void = () => {}
  #state: SessionState = 'connecting'
  #publisher: Publisher | null = null
  #feed: Feed | null = null
  #archiver: Archiver | null = null // set once the first ladder is chosen
  #packager: Packager | null = null // set with the archiver
  #playlists: readonly Rendition[] = [] // fixed by the first ladder
  #taking: Promise<void> = Promise.resolve()
  #packaging: Promise<void> = Promise.resolve()
  #finishing: Promise<void> | null = null
  #returnTimer: NodeJS.Timeout | null = null
  #timelineMs = 0
  /** Where the publisher's clock jumped, on the broadcast's timeline. */
  readonly #jumps: number[] = []
  #packaged: Run | null = null // while its outputs come
  #isSuspended = false

  constructor(grant: PublishGrant, context: MediaContext) {
    this.grant = grant
    this.#context = { ...context, logger: context.logger.child({ broadcast: grant.broadcast }) }
    this.#reports = new Reports(this.#context)
    this.forgotten = new Promise((resolve) => {
      this.#forget = resolve
    })
  }

  /** After a restart: the show goes on from the journal, if its publisher returns in time; else its recording is closed. */
  static recover(archiver: Archiver, context: MediaContext): Session {
    const session = new Session(archiver.grant, context)
    session.#adopt(archiver)
    if (archiver.isClosed) void session.#finish()
    else session.#await()
    return session
  }

  get state(): SessionState {
    return this.#state
  }

  get isPublished(): boolean {
    return this.#publisher !== null
  }

  /** A publisher may attach: none is there, and the end has not begun. */
  get canResume(): boolean {
    return this.isRunning && this.#publisher === null
  }

  get isRunning(): boolean {
    return this.#state !== 'draining' && this.#state !== 'ended' && this.#state !== 'failed'
  }

  /** The key was accepted: this publisher's media is the broadcast from now on. */
  attach(publisher: Publisher): void {
    if (!this.canResume) throw new Error('a second publisher for one broadcast')
    if (this.#returnTimer) clearTimeout(this.#returnTimer)
    this.#publisher = publisher
    this.#taking = this.#take(publisher).catch((error: unknown) => {
      this.#context.logger.error({ error }, 'a publisher was lost to a fault')
    })
  }

  /** Ends the broadcast at once, whoever publishes. Resolves when its recording plays. */
  async end(cause: string, sentence: string): Promise<void> {
    this.cause ??= cause
    this.#publisher?.disconnect(sentence)
    await this.#taking
    await this.#finish()
  }

  /** For a restart of this process: what has come is archived, and the journal stays open for the next one. */
  async suspend(): Promise<void> {
    if (this.#returnTimer) clearTimeout(this.#returnTimer)
    this.#isSuspended = true
    this.#publisher?.disconnect('The server restarts. Reconnect in a few seconds.')
    await this.#taking
    await this.#finishing
    this.#reports.stop()
    await this.#archiver?.[Symbol.asyncDispose]()
  }

  /** A file of the recording, from the spool. */
  async readRecording(path: string): Promise<StoredBody | null> {
    const slash = path.lastIndexOf('/')
    return (await this.#archiver?.read(slash < 0 ? null : path.slice(0, slash), path.slice(slash + 1))) ?? null
  }

  /** Once a second: sheds load before the show falls behind. */
  tick(): void {
    this.#feed?.checkLoad()
  }

  health(): BroadcastHealth {
    return describeShow({
      status: this.#state as BroadcastHealth['status'],
      viewers: this.#context.hls.viewers(this.grant.broadcast),
      encoder: this.#publisher?.encoder ?? null,
      measured: this.#meter.measure(this.#context.now()),
      feed: this.#feed,
      playlists: this.#playlists,
      hasJumped: this.#jumps.length > 0,
      archive: this.#archiver?.warnings ?? new Set(),
    })
  }

  /** How far what arrives is behind the publisher's own clock. */
  get lagSeconds(): number {
    return this.isPublished ? this.#meter.lagMs(this.#context.now()) / 1000 : 0
  }

  async #take(publisher: Publisher): Promise<void> {
    const { logger, now } = this.#context
    const timeline = new Timeline({ resumeAtMs: this.#timelineMs })
    const feed = new Feed({
      onRun: (run) => this.#enqueue(run),
      narrow: (ladder) =>
        this.#playlists.length > 0 ? onlyRouted(ladder, routeRenditions(this.#playlists, ladder)) : ladder,
      now,
      logger,
    })
    this.#feed = feed
    this.#meter.restartClock()
    if (this.#state === 'connecting') this.#become('probing')
    try {
      for await (const received of publisher.packets) {
        const { packet, isJump } = timeline.place(received)
        this.#timelineMs = Math.max(this.#timelineMs, packet.dts)
        if (isJump) this.#meter.restartClock()
        this.#meter.take(packet, now())
        feed.write(packet)
        if (isJump) this.#markJump(packet.dts)
      }
    } catch (error) {
      logger.error({ error }, 'the show cannot go on')
      this.cause ??= 'media_failed'
      publisher.disconnect('This video cannot be processed. Check the encoder settings: H.264 video, AAC audio.')
    }
    this.#publisher = null
    const isLost = !publisher.hasStopped && this.cause === null && !this.#isSuspended
    if (isLost) this.#await()
    // Whatever it sent is flushed first: its last frames are in the recording.
    await feed.end()
    await this.#packaging
    if (!isLost && !this.#isSuspended) await this.#finish()
  }

  /** ffmpeg has not seen the jump; players are told of it where the next segment begins. */
  #markJump(dts: number): void {
    this.#jumps.push(dts)
    if (this.#packaged) this.#packager?.markDiscontinuity(dts - this.#packaged.firstDts)
  }

  /** Runs are packaged one after the other; ffmpeg's output waits in memory meanwhile, so nothing blocks it. */
  #enqueue(run: Run): void {
    if (this.#playlists.length === 0) this.#playlists = run.ladder.renditions
    this.#packaging = this.#packaging
      .then(async () => {
        if (!this.#packager) await this.#open(run)
        if (this.#state === 'waiting' && this.#publisher) this.#become('live')
        this.#packaged = run
        await this.#packager?.run({
          outputs: run.transcoder.outputs,
          ladder: run.ladder,
          routes: routeRenditions(this.#playlists, run.ladder),
          startedAtMs: run.startedAtMs,
          discontinuitiesAtMs: this.#jumps.map((dts) => dts - run.firstDts).filter((ms) => ms > 0),
        })
      })
      .catch((error: unknown) => this.#context.logger.error({ error }, 'packaging a run failed'))
      .finally(() => {
        this.#packaged = null
      })
  }

  async #open(run: Run): Promise<void> {
    const { config, store, logger } = this.#context
    this.#adopt(
      await Archiver.create({
        grant: this.grant,
        directory: spoolOf(config),
        store,
        logger,
        startedAtMs: run.startedAtMs,
        segmentTargetMs: config.packager.segmentTargetMs,
        partTargetMs: config.packager.partTargetMs,
        renditions: run.ladder.renditions,
      }),
    )
  }

  #adopt(archiver: Archiver): void {
    const { hls } = this.#context
    this.#archiver = archiver
    this.#reports.remember(archiver)
    this.#playlists = archiver.renditions
    const { partTargetMs, segmentTargetMs } = archiver.targets
    const packager = new Packager({ partTargetMs, segmentTargetMs, sink: archiver, resume: archiver.history })
    this.#packager = packager
    hls.add({ id: this.grant.broadcast, packager, read: (rendition, file) => archiver.read(rendition, file) })
    void packager.firstPlayable.then(() => {
      if (this.#state === 'probing') this.#become('live')
      void this.#reports.started(this.grant, archiver.startedAtMs)
    })
  }

  /** Without a publisher: until one returns, or the time is over. */
  #await(): void {
    this.#become('waiting')
    this.#returnTimer = setTimeout(() => {
      this.cause ??= 'publisher_lost'
      void this.#finish()
    }, this.#context.returnWithinMs)
  }

  /** Closes the recording and tells the platform; runs once. */
  #finish(): Promise<void> {
    this.#finishing ??= this.#close().catch((error: unknown) => {
      this.#context.logger.error({ error }, 'a broadcast could not be closed')
    })
    return this.#finishing
  }

  async #close(): Promise<void> {
    if (this.#returnTimer) clearTimeout(this.#returnTimer)
    this.#become('draining')
    await this.#packaging
    this.#packager?.end()
    const archiver = this.#archiver
    const endedAtMs = archiver?.ending?.endedAtMs ?? this.#context.now()
    this.cause ??= archiver?.ending?.cause ?? null
    const summary = archiver ? await archiver.close(this.cause) : null
    this.#become(this.cause === 'media_failed' ? 'failed' : 'ended')
    void this.#leave(endedAtMs, archiver, summary).catch((error: unknown) => {
      this.#context.logger.error({ error }, 'a recording could not be handed over')
    })
  }

  /** The recording plays; what is left may take long, and another process may have to go on with it. */
  async #leave(endedAtMs: number, archiver: Archiver | null, summary: RecordingSummary | null): Promise<void> {
    await this.#reports.ended(this.grant, endedAtMs, this.cause, summary)
    if (archiver && summary) {
      await archiver.uploaded
      await this.#reports.uploaded(this.grant, archiver.summary)
      if (this.#isSuspended) return
      // Viewers still hold the last playlists, and the gateway may send some here yet.
      await this.#context.hls.retire(this.grant.broadcast)
      await archiver.forget()
    }
    this.#forget()
  }

  #become(state: SessionState): void {
    if (state === this.#state) return
    if (!nextStates[this.#state].includes(state)) throw new Error(`a session cannot go from ${this.#state} to ${state}`)
    this.#context.logger.info({ from: this.#state, to: state, cause: this.cause }, 'session')
    this.#state = state
  }
}
