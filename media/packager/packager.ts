import { type Ladder, OUTPUT_OFFSET_SECONDS } from '../ladder/ladder.ts'
import { CachedText } from './cached-text.ts'
import type { PlaylistKind } from './held-requests.ts'
import type { PlaylistTargets } from './media-playlist.ts'
import { multivariantPlaylist } from './multivariant-playlist.ts'
import type { InitSegment, PackagerHistory, SegmentSink } from './packaged.ts'
import { readOutput } from './read-output.ts'
import { SegmentCutter } from './segment-cutter.ts'
import type { CutEvent } from './segmenter.ts'
import { RenditionWindow } from './window.ts'

export interface PackagerOptions {
  /** PART-TARGET, exactly and for the whole broadcast. */
  partTargetMs: number
  /** TARGETDURATION, rounded up to whole seconds. */
  segmentTargetMs: number
  sink: SegmentSink
  /** From the archive's journal after a restart: MSNs, init numbers and discontinuities go on. */
  resume?: PackagerHistory
}

export interface PackagerRun {
  /** Fragmented MP4 of each rendition, by name. Read to the end always: a full one would block ffmpeg. */
  outputs: ReadonlyMap<string, AsyncIterable<Uint8Array>>
  ladder: Ladder
  /** Playlist → the output it goes on with, where that is not the one of its own name. */
  routes?: ReadonlyMap<string, string>
  /** Wall clock of the run's first frame. */
  startedAtMs: number
  /** Where the publisher's clock jumped, milliseconds after the run's first frame; more by `markDiscontinuity`. */
  discontinuitiesAtMs?: readonly number[]
}

/** How far another output must have gone on before a playlist whose own one ended takes it: 0.6 s. */
const PARTS_BEFORE_RESCUE = 2

interface Playlist {
  window: RenditionWindow
  bandwidthBps: number
  frameRate: number | null
}

/** What of a run went wrong; the rest of it has been packaged. */
export class PackagerError extends AggregateError {
  override readonly name = 'PackagerError'
}

/**
 * One broadcast, from ffmpeg's outputs to the windows that the server reads.
 *
 *   output ──▶ readOutput() ──▶ open, part, …, segment ──▶ every window routed to it ──▶ sink
 *
 * The set of playlists is fixed by the first run. A later run begins a discontinuity, with a new init number where the
 * codec configuration differs. All windows have the same Media Sequence Numbers always; where one lacks a segment that
 * others have, it lists a gap. Every run maps its presentation times to wall clock once, for all renditions, and never
 * back behind what was said before.
 *
 * An output that ends before the others closes its segment as it is, and its playlists go on with the next lower one.
 */
export class Packager {
  /** Every playlist has what a player needs to begin: a complete segment and three parts. */
  readonly firstPlayable: Promise<void>
  readonly #options: PackagerOptions
  readonly #targets: PlaylistTargets
  readonly #playlists = new Map<string, Playlist>()
  readonly #multivariants = new Map<PlaylistKind, CachedText>()
  /** Playlists whose output ended before others, and the one they go on with once it has really gone on. */
  readonly #stranded = new Map<RenditionWindow, RenditionWindow>()
  #cutter: SegmentCutter | null = null
  #resolvePlayable: () => void = () => {}
  #isPlayable = false
  #isEnded = false

  constructor(options: PackagerOptions) {
    this.#options = options
    this.#targets = {
      targetSeconds: Math.ceil(options.segmentTargetMs / 1000),
      partTargetSeconds: options.partTargetMs / 1000,
    }
    this.firstPlayable = new Promise((resolve) => {
      this.#resolvePlayable = resolve
    })
    if (options.resume) this.#restore(options.resume)
  }

  /**
   * Consumes one ffmpeg run until all its outputs end.
   *
   * @throws {PackagerError} after the end, when an output was not what ffmpeg writes
   */
  async run(run: PackagerRun): Promise<void> {
    if (this.#isEnded) throw new TypeError('the broadcast has ended')
    this.#fix(run.ladder)
    const isFirst = this.#windows().every(({ completeSegments }) => completeSegments === 0)
    const firstMsn = Math.max(0, ...this.#windows().map(({ nextMsn }) => nextMsn))
    const endsAtMs = Math.max(...this.#windows().map((window) => window.endsAtMs ?? 0))
    // Clocks are set back now and then; PROGRAM-DATE-TIME is not.
    const zeroMs = Math.max(run.startedAtMs, endsAtMs) - OUTPUT_OFFSET_SECONDS * 1000
    const cutter = new SegmentCutter({
      targetSeconds: this.#targets.targetSeconds,
      isFirstSegmentShort: isFirst,
    })
    this.#cutter = cutter
    for (const at of run.discontinuitiesAtMs ?? []) this.markDiscontinuity(at)

    const feeds = this.#route(run)
    const errors: unknown[] = []
    await Promise.all(
      [...run.outputs].map(async ([name, bytes]) => {
        try {
          const events = readOutput(bytes, {
            partTargetSeconds: this.#targets.partTargetSeconds ?? 0,
            cutter,
            mayDecideCuts: (init) => init.video !== null || isSoundOnly(run.ladder),
            firstMsn,
            wallClock: (pts) => Math.round(zeroMs + pts * 1000),
          })
          for await (const event of events) for (const window of feeds.get(name) ?? []) this.#take(window, event)
        } catch (error) {
          errors.push(error)
        }
        this.#rescue(name, feeds, run.ladder)
      }),
    )
    this.#cutter = null
    this.#stranded.clear()
    if (errors.length > 0) throw new PackagerError(errors, 'an output of the run could not be packaged')
  }

  /** The publisher's clock jumped there, milliseconds after the run's first frame: the segment behind says so. */
  markDiscontinuity(atMs: number): void {
    this.#cutter?.markDiscontinuity(OUTPUT_OFFSET_SECONDS + atMs / 1000)
  }

  /** ENDLIST; every waiter gets its answer. Safe to call twice. */
  end(): void {
    this.#isEnded = true
    for (const window of this.#windows()) window.end()
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Seconds; the server's deadlines follow from them. */
  get targets(): PlaylistTargets {
    return this.#targets
  }

  findWindow(name: string): RenditionWindow | null {
    return this.#playlists.get(name)?.window ?? null
  }

  /** Held requests whose time is over get their answer. */
  expire(now: number): void {
    for (const { window } of this.#playlists.values()) window.held.expire(now)
  }

  /** Null before a player could do anything with it. */
  multivariant(kind: PlaylistKind): CachedText | null {
    if (!this.#isPlayable) return null
    let text = this.#multivariants.get(kind)
    if (!text) {
      text = new CachedText(
        multivariantPlaylist(
          [...this.#playlists.values()].map(({ window, bandwidthBps, frameRate }) => ({
            uri: `${window.name}/${kind}.m3u8`,
            bandwidthBps,
            codecs: window.latestInit?.codecs ?? '',
            width: window.latestInit?.width ?? null,
            height: window.latestInit?.height ?? null,
            frameRate: window.latestInit?.width ? frameRate : null,
          })),
        ),
      )
      this.#multivariants.set(kind, text)
    }
    return text
  }

  #restore(history: PackagerHistory): void {
    for (const { name, bandwidthBps, frameRate, inits, segments } of history.renditions) {
      const window = this.#addPlaylist(name, bandwidthBps, frameRate)
      window.restore(inits, segments)
    }
    const next = Math.max(0, ...this.#windows().map(({ nextMsn }) => nextMsn))
    if (next === 0) return
    // The segment that was open when the process died had parts that viewers have seen. Its number is spent.
    for (const window of this.#windows()) window.fillTo(next + 1)
    this.#checkPlayable()
  }

  /** The first run's ladder is the broadcast's set of playlists. */
  #fix(ladder: Ladder): void {
    if (this.#playlists.size > 0) return
    for (const { name, bandwidthBps, frameRate } of ladder.renditions) this.#addPlaylist(name, bandwidthBps, frameRate)
  }

  #addPlaylist(name: string, bandwidthBps: number, frameRate: number | null): RenditionWindow {
    const window = new RenditionWindow(name, this.#targets, () => this.#windows())
    this.#playlists.set(name, { window, bandwidthBps, frameRate })
    return window
  }

  #windows(): RenditionWindow[] {
    return [...this.#playlists.values()].map(({ window }) => window)
  }

  #route(run: PackagerRun): Map<string, RenditionWindow[]> {
    const feeds = new Map<string, RenditionWindow[]>([...run.outputs.keys()].map((name) => [name, []]))
    const fallback = run.ladder.renditions.at(-1)?.name ?? ''
    for (const window of this.#windows()) {
      const output = run.routes?.get(window.name) ?? window.name
      const feed = feeds.get(output) ?? feeds.get(fallback)
      feed?.push(window)
    }
    return feeds
  }

  #take(window: RenditionWindow, event: CutEvent | (InitSegment & { kind: 'init' })) {
    if (event.kind === 'init') return this.#use(window, event)
    const heir = this.#stranded.get(window)
    if (!heir) return this.#publish(window, event)
    // At the end of a run outputs end within some frames of each other: that is not worth a change of picture.
    if (event.kind !== 'part' || event.index < PARTS_BEFORE_RESCUE || event.msn < window.nextMsn) return
    this.#stranded.delete(window)
    if (heir.latestInit) this.#use(window, heir.latestInit)
    for (const missed of heir.replayFrom(window.nextMsn)) this.#publish(window, missed)
  }

  #use(window: RenditionWindow, init: InitSegment) {
    const { index, isNew } = window.use(init)
    this.#multivariants.clear()
    if (isNew) this.#options.sink.init(window.name, index, init)
  }

  #publish(window: RenditionWindow, event: CutEvent) {
    const segment = window.publish(event)
    if (segment) this.#options.sink.segment(window.name, segment)
    if (!this.#isPlayable && event.kind !== 'open') this.#checkPlayable()
  }

  /** Viewers of an output that ended go on with the next lower one that has not, else the next higher. */
  #rescue(name: string, feeds: Map<string, RenditionWindow[]>, ladder: Ladder): void {
    const stranded = feeds.get(name) ?? []
    feeds.delete(name)
    const order = ladder.renditions.map((rendition) => rendition.name)
    const at = order.indexOf(name)
    const others = [...order.slice(at + 1), ...order.slice(0, Math.max(at, 0)).toReversed()]
    const feed = others.map((other) => feeds.get(other)).find((candidate) => candidate?.[0])
    const heir = feed?.[0]
    if (!feed || !heir) return
    for (const window of stranded) {
      this.#stranded.set(window, heir)
      feed.push(window)
    }
  }

  #checkPlayable(): void {
    const isPlayable = this.#windows().every((window) => window.isPlayable)
    if (!isPlayable || this.#isPlayable) return
    this.#isPlayable = true
    this.#resolvePlayable()
  }
}

function isSoundOnly(ladder: Ladder): boolean {
  return ladder.renditions.every(({ height }) => height === null)
}
