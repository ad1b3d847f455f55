import { join } from 'node:path'
import { within } from '../../config/within.ts'
import type { PublishGrant } from '../host.ts'
import type { Rendition } from '../ladder/ladder.ts'
import type { Logger } from '../logger.ts'
import type { InitSegment, PackagerHistory, Segment, SegmentSink } from '../packager/packaged.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { Catalogue } from './catalogue.ts'
import { type ClosedFact, Journal, type OpenedFact, type SegmentFact } from './journal.ts'
import {
  type ArchivedFile,
  type ArchiveLimits,
  type ArchiveWarning,
  JOURNAL,
  Keeper,
  type KeeperOptions,
  sha256Of,
} from './keeper.ts'
import { readSpool } from './read-spool.ts'
import type { PlacedTile } from './sheet.ts'
import { Storyboard } from './storyboard.ts'
import { durationOf, type RecordingSummary, summaryOf, vodPlaylists } from './vod.ts'

/** What every archiver of a process shares. */
interface Surroundings {
  store: ObjectStore
  logger: Logger
  limits?: Partial<ArchiveLimits>
}

export interface ArchiverOptions extends Surroundings {
  grant: PublishGrant
  /** Where every broadcast has its folder. */
  directory: string
  startedAtMs: number
  segmentTargetMs: number
  partTargetMs: number
  /** Of the whole broadcast, highest first. */
  renditions: readonly Rendition[]
}

const FIRST_LINE_MS = 1000
/** What `close` gives the disk to take the last segments: a disk that is full or hangs must not hold up the recording. */
const LAST_WRITES_MS = 500
/** And what it gives the picture that is being made. */
const LAST_PICTURE_MS = 800
/** A minute's. */
const PICTURES_EVERY_TILES = 6
const STORYBOARD = 'storyboard.vtt'
const pictureName = /^(?:thumbnail|storyboard-\d{1,4})\.jpg$/
const mediaName = /^(?:init-\d{1,9}\.mp4|\d{1,9}\.m4s)$/

/**
 * One broadcast's way into the object store, and its recording.
 *
 *   init(), segment() ──▶ spool ──▶ journal ──▶ object store ──close()──▶ playlists ──▶ whole ──forget()──▶ nothing left
 *                           └─────────── disk full ──────▲
 *
 * Guarantees:
 *   1. `init` and `segment` never throw and never wait.
 *   2. A segment that was taken is lost only when disk and store both refuse it until 64 MiB wait; then it is counted,
 *      `disk_full` shows, and the recording's playlists name the gap.
 *   3. SIGKILL costs the segment that is open, and one that was completed in the last milliseconds; a loss of power also
 *      what the last second brought. `recover` finds everything else, and nothing is uploaded twice that was noted.
 *   4. The recording plays, out of `read`, when `close` resolves: in a time that does not depend on its length.
 *   5. The store gets the multivariant playlist last: a recording is there whole or not at all.
 */
export class Archiver implements SegmentSink, AsyncDisposable {
  /** The object store has the recording whole. Never settled when this process ends before. */
  readonly uploaded: Promise<void>
  readonly #catalogue: Catalogue
  readonly #journal: Journal
  readonly #keeper: Keeper
  readonly #storyboard: Storyboard
  /** By path, made anew when something of the recording changes. */
  #playlists: Map<string, string> | null = null
  #resolveUploaded: () => void = () => {}
  #finishing: Promise<void> | null = null
  #isDisposed = false

  private constructor(options: Pick<KeeperOptions, 'catalogue' | 'journal' | 'directory'> & Surroundings) {
    const { catalogue, journal, directory, logger } = options
    this.#catalogue = catalogue
    this.#journal = journal
    this.uploaded = new Promise((resolve) => {
      this.#resolveUploaded = resolve
    })
    this.#storyboard = new Storyboard({
      directory,
      logger,
      earlier: catalogue.tiles,
      elapsedSeconds: durationOf(catalogue),
      onTile: (tile) => this.#onTile(tile),
    })
    this.#keeper = new Keeper({
      ...options,
      textOf: (file) => this.#textOf(file),
      onLost: () => {
        this.#playlists = null
      },
    })
  }

  /** Resolves when the broadcast would outlive this process, or the disk is too full for it: the show begins anyhow. */
  static async create(options: ArchiverOptions): Promise<Archiver> {
    const { grant, startedAtMs, segmentTargetMs, partTargetMs, renditions } = options
    const directory = join(options.directory, grant.broadcast)
    const opened: OpenedFact = {
      fact: 'opened',
      version: 1,
      grant,
      startedAtMs,
      segmentTargetMs,
      partTargetMs,
      renditions,
    }
    const journal = new Journal(join(directory, JOURNAL), 0)
    journal.append(opened)
    await within(FIRST_LINE_MS, journal.flushed())
    return new Archiver({ ...options, catalogue: new Catalogue(opened), journal, directory })
  }

  /** What earlier processes left, at the start. Uploads go on at once. */
  static async recover({
    config,
    ...surroundings
  }: { config: { dataDir: string } } & Surroundings): Promise<Archiver[]> {
    const found: Archiver[] = []
    for await (const left of readSpool(join(config.dataDir, 'spool'), surroundings.logger)) {
      const archiver = new Archiver({ ...surroundings, ...left })
      await archiver.#resume()
      found.push(archiver)
    }
    return found
  }

  /** What keeps the recording from its store, for the studio. */
  get warnings(): ReadonlySet<ArchiveWarning> {
    return this.#keeper.warnings
  }

  get grant(): PublishGrant {
    return this.#catalogue.opened.grant
  }

  get startedAtMs(): number {
    return this.#catalogue.opened.startedAtMs
  }

  get targets(): Pick<OpenedFact, 'segmentTargetMs' | 'partTargetMs'> {
    return this.#catalogue.opened
  }

  get renditions(): readonly Rendition[] {
    return this.#catalogue.opened.renditions
  }

  get isClosed(): boolean {
    return this.#catalogue.closed !== null
  }

  /** When and why it was closed; null before. */
  get ending(): Pick<ClosedFact, 'endedAtMs' | 'cause'> | null {
    return this.#catalogue.closed
  }

  /** Segments that neither disk nor store would take. */
  get lostSegments(): number {
    return this.#catalogue.lost
  }

  /** For a packager that goes on after a restart. */
  get history(): PackagerHistory {
    return this.#catalogue.history((file) => this.#keeper.initBytes(file))
  }

  init(rendition: string, index: number, init: InitSegment): void {
    if (this.isClosed || this.#isDisposed) return
    const { codecs, width, height, bytes } = init
    const sha256 = sha256Of([bytes])
    const fact = { fact: 'init', rendition, index, codecs, width, height, size: bytes.length, sha256 } as const
    this.#keeper.keep(`${rendition}/init-${index}.mp4`, [bytes], fact)
    if (this.#isPictured(rendition)) this.#storyboard.init(index, init)
  }

  segment(rendition: string, { parts, kind: _, ...entry }: Segment): void {
    if (this.isClosed || this.#isDisposed) return
    const chunks = parts.map(({ bytes }) => bytes)
    const size = chunks.reduce((sum, { length }) => sum + length, 0)
    const fact: SegmentFact = { fact: 'segment', rendition, ...entry, size, sha256: sha256Of(chunks) }
    this.#keeper.keep(`${rendition}/${entry.msn}.m4s`, chunks, fact)
    if (this.#isPictured(rendition)) this.#storyboard.segment(entry, chunks)
  }

  /** A report of the platform's that needs no repeating; remembered over restarts. */
  has(report: string): boolean {
    return this.#catalogue.reported.has(report)
  }

  acknowledge(report: string): void {
    this.#keeper.note({ fact: 'reported', report })
  }

  /**
   * Nothing more comes. Resolves when the recording plays out of `read`; the rest of the upload goes on behind.
   * Called again, also after a restart, it says the same; the first cause stays.
   */
  async close(cause: string | null): Promise<RecordingSummary> {
    if (!this.isClosed) {
      await within(LAST_WRITES_MS, this.#keeper.settled())
      await within(LAST_PICTURE_MS, this.#storyboard.finish())
      this.#keeper.note({ fact: 'closed', endedAtMs: Date.now(), cause })
      this.#playlists = null
      await within(LAST_WRITES_MS, this.#journal.flushed())
    }
    this.#finishing ??= this.#finish()
    return this.summary
  }

  /** What the recording is now. */
  get summary(): RecordingSummary {
    return summaryOf(this.#catalogue)
  }

  /**
   * A file of the recording by its name, wherever it is by now; null when there is no such thing.
   *
   * @param rendition null: what stands beside the renditions
   * @throws {ObjectStoreError} when only the store has it, and does not give it
   */
  async read(rendition: string | null, file: string): Promise<ArchivedFile | null> {
    const path = rendition === null ? file : `${rendition}/${file}`
    const text = this.#textOf(path)
    if (text !== null) return { bytes: Buffer.from(text) }
    const isKnown = rendition === null ? pictureName.test(file) : mediaName.test(file)
    if (!isKnown || (rendition !== null && !this.#catalogue.tracks.has(rendition))) return null
    return this.#keeper.read(path)
  }

  /** The platform knows that the store has it whole: the spool's folder is removed. */
  async forget(): Promise<void> {
    await this[Symbol.asyncDispose]()
    await this.#keeper.remove()
  }

  /** Leaves everything so that `recover` goes on with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    await within(LAST_PICTURE_MS, this.#storyboard.settled())
    await this.#keeper[Symbol.asyncDispose]()
  }

  async #resume(): Promise<void> {
    await this.#keeper.resume()
    for (const [name, { inits }] of this.#catalogue.tracks) {
      for (const init of inits) {
        const bytes = init && this.#keeper.initBytes(`${name}/init-${init.index}.mp4`)
        if (bytes && this.#isPictured(name)) this.#storyboard.init(init.index, { ...init, bytes })
      }
    }
  }

  /** Media and pictures first, then the playlists, the multivariant one last. */
  async #finish(): Promise<void> {
    await this.#keeper.settled()
    await this.#storyboard.finish()
    await this.#keeper.uploaded()
    if (!this.#catalogue.isWhole && !this.#isDisposed) {
      const playlists = [...this.#vod().keys()]
      for (const batch of [this.#storyboard.files(), playlists.slice(0, -1), playlists.slice(-1)]) {
        for (const file of batch) this.#keeper.upload(file)
        await this.#keeper.uploaded()
      }
      if (!this.#isDisposed) this.#keeper.note({ fact: 'whole' })
    }
    if (!this.#isDisposed) this.#resolveUploaded()
  }

  /** For the case that this machine never comes back, the store gets the pictures now and then. */
  #onTile(tile: PlacedTile): void {
    this.#keeper.note({ fact: 'tile', ...tile })
    if (this.isClosed || this.#catalogue.tiles.length % PICTURES_EVERY_TILES !== 1) return
    for (const file of ['thumbnail.jpg', `storyboard-${tile.sheet}.jpg`, STORYBOARD]) this.#keeper.upload(file)
  }

  #isPictured(rendition: string): boolean {
    return rendition === this.renditions.at(-1)?.name
  }

  #textOf(file: string): string | null {
    if (file === STORYBOARD) return this.#storyboard.webvtt()
    return this.isClosed ? (this.#vod().get(file) ?? null) : null
  }

  #vod(): Map<string, string> {
    this.#playlists ??= vodPlaylists(this.#catalogue)
    return this.#playlists
  }
}
