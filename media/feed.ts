import type { MediaPacket } from './ingest/publisher.ts'
import { chooseLadder } from './ladder/choose-ladder.ts'
import { configurationChanged } from './ladder/configuration.ts'
import type { Ladder, Source } from './ladder/ladder.ts'
import { LoadWatch } from './ladder/load.ts'
import { probe, probeIsEnough } from './ladder/probe.ts'
import { Transcoder } from './ladder/transcoder.ts'
import type { Logger } from './logger.ts'

/** A copied top may not make segments longer than the target duration. */
const LONGEST_COPIED_GOP_MS = 2000
/** A run that ends sooner than this without being told to has failed on its input, not by bad luck. */
const SHORTEST_HEALTHY_RUN_MS = 5000
const FAILED_RUNS_TO_GIVE_UP = 4

/** One ffmpeg process's worth of a broadcast, ready for the packager. */
export interface Run {
  transcoder: Transcoder
  source: Source
  ladder: Ladder
  /** Its first packet on the broadcast's timeline, in milliseconds. */
  firstDts: number
  /** Wall clock of the run's first packet, which stands at OUTPUT_OFFSET_SECONDS in its outputs. */
  startedAtMs: number
}

export interface FeedOptions {
  /** Called for each run, in order; the outputs of an earlier one end before those of a later one are needed. */
  onRun: (run: Run) => void
  /** Narrows a ladder to what the broadcast's playlists can show. */
  narrow: (ladder: Ladder) => Ladder
  now: () => number
  logger: Logger
}

/** Why a run gives way to another at the next keyframe. */
type Restart = 'configuration' | 'long-gop' | 'overload' | 'ffmpeg-failed'

/**
 * One publisher's connection, from its packets to running ladders.
 *
 *   probing ──▶ starting ──▶ running ──▶ ended
 *                  ▲            │ restart, at a keyframe: nothing is lost between two runs
 *                  └────────────┘
 *
 * A run gives way to another when the codec configuration changes, a copied top's GOP grows past 2 s, the machine
 * cannot keep up (one rendition less), or ffmpeg died.
 */
export class Feed {
  readonly #options: FeedOptions
  readonly #load = new LoadWatch()
  readonly #headers = new Map<MediaPacket['kind'], MediaPacket>()
  readonly #without: string[] = []
  #state: 'probing' | 'starting' | 'running' | 'ended' = 'probing'
  /** Packets no ffmpeg has seen yet. */
  #pending: MediaPacket[] = []
  #run: Run | null = null
  #runStartedAt = 0
  #failedRuns = 0
  #restart: Restart | null = null
  #mustReencode = false
  #lastKeyframeDts: number | null = null
  /** Wall clock minus timeline, of the packet that was delayed least. Set while probing, constant after. */
  #anchorMs = Number.POSITIVE_INFINITY
  #starting: Promise<void> = Promise.resolve()
  #failure: Error | null = null

  constructor(options: FeedOptions) {
    this.#options = options
  }

  get source(): Source | null {
    return this.#run?.source ?? null
  }
  get ladder(): Ladder | null {
    return this.#run?.ladder ?? null
  }
  get shed(): readonly string[] {
    return this.#without
  }
  get speed(): number | null {
    return this.#run?.transcoder.progress.speed ?? null
  }

  /**
   * Takes the next packet, on the broadcast's timeline.
   *
   * @throws when ffmpeg keeps failing on this publisher's media
   */
  write(packet: MediaPacket): void {
    if (this.#failure) throw this.#failure
    if (this.#state === 'probing') this.#anchorMs = Math.min(this.#anchorMs, this.#options.now() - packet.dts)
    this.#take(packet)
    if (this.#state === 'probing' && probeIsEnough(this.#pending)) this.#start()
  }

  /** The publisher is gone: everything it sent goes through ffmpeg and out. Resolves when the last run was handed on. */
  async end(): Promise<void> {
    if (this.#state === 'probing' && this.#pending.some(isMedia)) this.#start()
    while (this.#state === 'starting') await this.#starting
    this.#state = 'ended'
    this.#run?.transcoder.end()
  }

  #take(packet: MediaPacket): void {
    if (this.#state !== 'running') {
      this.#pending.push(packet)
      return
    }
    this.#watchConfiguration(packet)
    this.#watchGop(packet)
    if (!isMedia(packet)) this.#headers.set(packet.kind, packet)
    if (this.#restart && this.#canStartAt(packet)) this.#giveWay(packet)
    else this.#run?.transcoder.write(packet)
  }

  #watchConfiguration(packet: MediaPacket): void {
    const previous = this.#headers.get(packet.kind)
    const source = this.#run?.source
    if (!source) return
    const isNewTrack = packet.kind !== 'metadata' && !packet.isHeader && source[packet.kind] === null
    if (isNewTrack || (packet.isHeader && (!previous || configurationChanged(previous, packet))))
      this.#restart = 'configuration'
  }

  #watchGop(packet: MediaPacket): void {
    if (packet.kind !== 'video' || packet.isHeader) return
    if (packet.isKeyframe) this.#lastKeyframeDts = packet.dts
    const isCopied = this.#run?.ladder.renditions.some((rendition) => rendition.isCopied) ?? false
    const open = packet.dts - (this.#lastKeyframeDts ?? packet.dts)
    if (isCopied && open > LONGEST_COPIED_GOP_MS + 100 && !this.#mustReencode) {
      this.#mustReencode = true
      this.#restart ??= 'long-gop'
    }
  }

  /** Decoding can only begin at a keyframe; without video, anywhere. */
  #canStartAt(packet: MediaPacket): boolean {
    if (!isMedia(packet)) return false
    const hasVideo = this.#headers.has('video')
    return hasVideo ? packet.kind === 'video' && packet.isKeyframe : packet.kind === 'audio'
  }

  #giveWay(keyframe: MediaPacket): void {
    this.#run?.transcoder.end()
    this.#options.logger.info({ reason: this.#restart }, 'ladder restarts')
    this.#pending = [keyframe]
    this.#start()
  }

  #start(): void {
    const reason = this.#restart
    this.#restart = null
    this.#state = 'starting'
    this.#starting = this.#openRun(reason).catch((error: Error) => {
      this.#failure = error
      this.#state = 'ended'
    })
  }

  async #openRun(reason: Restart | null): Promise<void> {
    for (const packet of this.#pending) {
      if (!isMedia(packet) && !this.#headers.has(packet.kind)) this.#headers.set(packet.kind, packet)
    }
    const headers = [...this.#headers.values()]
    const source = await this.#probe(headers, reason)
    const ladder = this.#options.narrow(
      chooseLadder(source, { without: this.#without, reencodeTop: this.#mustReencode }),
    )
    const held = this.#pending
    const firstDts = Math.min(...held.filter(isMedia).map(({ dts }) => dts))
    const transcoder = new Transcoder({ ladder, source, headers, logger: this.#options.logger })
    const run: Run = { transcoder, source, ladder, firstDts, startedAtMs: this.#anchorMs + firstDts }
    this.#run = run
    this.#runStartedAt = this.#options.now()
    this.#load.reset()
    transcoder.done.catch((error: Error) => this.#runFailed(run, error))
    this.#options.onRun(run)
    this.#pending = []
    this.#state = 'running'
    for (const packet of held) this.#take(packet)
  }

  /** A restart for other reasons than a new configuration finds the source as it was. */
  async #probe(headers: readonly MediaPacket[], reason: Restart | null): Promise<Source> {
    const before = this.#run?.source
    if (before && reason !== 'configuration') return before
    const probed = await probe([...headers, ...this.#pending.filter(isMedia)])
    if (!before) return probed
    // One keyframe says nothing of interval, rate or the other track: what was seen before the change still holds.
    const { video } = probed
    const audio = probed.audio ?? before.audio
    if (!before.video || !video) return { video: video ?? before.video, audio }
    const { keyframeIntervalSeconds, frameRate } = before.video
    return { video: { ...video, keyframeIntervalSeconds, frameRate }, audio }
  }

  #runFailed(run: Run, error: Error): void {
    if (run !== this.#run || this.#state === 'ended') return
    const lasted = this.#options.now() - this.#runStartedAt
    this.#failedRuns = lasted < SHORTEST_HEALTHY_RUN_MS ? this.#failedRuns + 1 : 1
    this.#options.logger.error({ error, lasted }, 'ffmpeg died; the ladder restarts at the next keyframe')
    if (this.#failedRuns >= FAILED_RUNS_TO_GIVE_UP) this.#failure = error
    else this.#restart = 'ffmpeg-failed'
  }

  /** Once a second: sheds the most expensive encoded rendition before the show falls behind. */
  checkLoad(): void {
    if (this.#state !== 'running' || !this.#run || this.#restart) return
    const { transcoder, ladder } = this.#run
    const victim = this.#load.shed(ladder, {
      speed: transcoder.progress.speed,
      backlogBytes: transcoder.backlogBytes,
      atMs: this.#options.now(),
    })
    if (!victim) return
    this.#without.push(victim)
    this.#restart = 'overload'
  }
}

function isMedia(packet: MediaPacket): boolean {
  return !packet.isHeader && packet.kind !== 'metadata'
}
