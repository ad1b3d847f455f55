import { createHash } from 'node:crypto'
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { PublishGrant, RecordingClosed } from '../host.ts'
import type { Rendition } from '../ladder/ladder.ts'
import type { Logger } from '../logger.ts'
import type { InitSegment, PackagerHistory, Segment, SegmentSink } from '../packager/packaged.ts'
import { type ObjectStore, ObjectStoreError } from '../storage/object-store.ts'
import { Catalogue } from './catalogue.ts'
import { type ClosedFact, type Fact, Journal, type OpenedFact, readJournal, type SegmentFact } from './journal.ts'
import type { PlacedTile } from './sheet.ts'
import { Spool } from './spool.ts'
import { Storyboard } from './storyboard.ts'
import { Uploader } from './uploader.ts'
import { durationOf, vodPlaylists } from './vod.ts'

/** What the platform is told of a recording that was closed. */
export type RecordingSummary = Omit<RecordingClosed, 'eventId' | 'node' | 'broadcast' | 'recording' | 'isUploaded'>

export type ArchiveWarning = 'store_unavailable' | 'disk_full'

/** A file of a recording: on disk, in memory, or where the store gives it out. */
export type ArchivedFile = { file: string } | { bytes: Uint8Array } | { redirect: string }

/** What an operator may change, and tests do. */
export interface ArchiveLimits {
  /** Media that may wait in memory, a broadcast, while the disk is full. */
  memoryBytes: number
  /** Left free on the spool's disk for everybody else. */
  reserveBytes: number
}

export interface ArchiverOptions {
  grant: PublishGrant
  /** Where every broadcast has its folder. */
  directory: string
  store: ObjectStore
  logger: Logger
  startedAtMs: number
  segmentTargetMs: number
  partTargetMs: number
  /** Of the whole broadcast, highest first. */
  renditions: readonly Rendition[]
  limits?: Partial<ArchiveLimits>
}

const JOURNAL = 'journal'
const MEGABYTE = 1024 * 1024
const defaultLimits: ArchiveLimits = { memoryBytes: 64 * MEGABYTE, reserveBytes: 256 * MEGABYTE }
const FIRST_LINE_MS = 1000
/** What `close` gives the disk to take the last segments: a disk that is full or hangs must not hold up the recording. */
const LAST_WRITES_MS = 500
/** And what it gives the picture that is being made. */
const LAST_PICTURE_MS = 800
const PRESIGNED_SECONDS = 300
const pictureName = /^(?:thumbnail|storyboard-\d{1,4})\.jpg$/
const STORYBOARD = 'storyboard.vtt'
const broadcastName = /^[0-9a-f]{24}$/
const fileName = /^(?:init-\d{1,9}\.mp4|\d{1,9}\.m4s)$/
const mediaName = /\.(?:mp4|m4s)$/
/** Segments that give way to new ones when the disk is full. */
const REMOVED_AT_ONCE = 50
/** A minute's. */
const PICTURES_EVERY_TILES = 6

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
  /** What keeps the recording from its store, for the studio. */
  readonly warnings = new Set<ArchiveWarning>()
  /** The object store has the recording whole. Never settled when this process ends before. */
  readonly uploaded: Promise<void>
  readonly #catalogue: Catalogue
  readonly #directory: string
  readonly #store: ObjectStore
  readonly #logger: Logger
  readonly #journal: Journal
  readonly #spool: Spool
  readonly #uploader: Uploader
  readonly #storyboard: Storyboard
  /** By path; some kilobytes each, kept for `history`. */
  readonly #initBytes = new Map<string, Uint8Array>()
  /** Taken, but on no disk yet: the journal does not know of them. */
  readonly #unwritten = new Map<string, Fact>()
  /** In the store and still on disk, oldest first: what can go when the disk is full. */
  readonly #removable: string[] = []
  /** Written by an earlier process: compared with their checksums before they are uploaded. */
  readonly #unverified = new Map<string, string>()
  /** By path, made anew when something of the recording changes. */
  #playlists: Map<string, string> | null = null
  #resolveUploaded: () => void = () => {}
  #finishing: Promise<void> | null = null
  #isDisposed = false
  #isForgotten = false

  private constructor(
    catalogue: Catalogue,
    journal: Journal,
    directory: string,
    { store, logger, limits }: Pick<ArchiverOptions, 'store' | 'logger' | 'limits'>,
  ) {
    this.#catalogue = catalogue
    this.#journal = journal
    this.#directory = directory
    this.#store = store
    this.#logger = logger
    this.uploaded = new Promise((resolve) => {
      this.#resolveUploaded = resolve
    })
    this.#spool = new Spool({
      ...defaultLimits,
      ...limits,
      directory,
      onWritten: (file) => this.#onWritten(file),
      onStuck: (file) => this.#onStuck(file),
    })
    this.#storyboard = new Storyboard({
      directory,
      logger,
      earlier: catalogue.tiles,
      elapsedSeconds: durationOf(catalogue),
      onTile: (tile) => this.#onTile(tile),
    })
    this.#uploader = new Uploader({
      store,
      prefix: `recordings/${catalogue.opened.grant.recording}/`,
      bodyOf: (file) => this.#bodyOf(file),
      onStored: (file) => this.#onStored(file),
      onMissing: (file) => this.#lose(file),
      onState: (trouble, error) => this.#onStore(trouble, error),
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
    return new Archiver(new Catalogue(opened), journal, directory, options)
  }

  /** What earlier processes left, at the start: every folder of the spool that has a journal. Uploads go on at once. */
  static async recover({
    config,
    store,
    logger,
    limits,
  }: {
    config: { dataDir: string }
    store: ObjectStore
    logger: Logger
    limits?: Partial<ArchiveLimits>
  }): Promise<Archiver[]> {
    const root = join(config.dataDir, 'spool')
    const names = (await readdir(root).catch(() => [])).filter((name) => broadcastName.test(name))
    const found: Archiver[] = []
    for (const name of names) {
      const directory = join(root, name)
      try {
        const archiver = await Archiver.#reopen(directory, { store, logger, ...(limits ? { limits } : {}) })
        if (archiver) found.push(archiver)
      } catch (error) {
        const aside = `${directory}.unreadable`
        logger.error({ error, aside }, 'a broadcast in the spool cannot be read; its folder is put aside')
        await rename(directory, aside).catch(() => {})
      }
    }
    return found
  }

  static async #reopen(
    directory: string,
    options: Pick<ArchiverOptions, 'store' | 'logger' | 'limits'>,
  ): Promise<Archiver | null> {
    const file = join(directory, JOURNAL)
    const read = await readJournal(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    const opened = read?.facts[0]
    if (!read || (read.damaged === 0 && !opened)) {
      // `forget` removes the journal first; and before its first line nothing had come.
      await rm(directory, { recursive: true, force: true })
      return null
    }
    if (opened?.fact !== 'opened') throw new Error('the journal does not begin with its broadcast')
    if (read.damaged > 0) options.logger.error({ directory, lines: read.damaged }, 'damaged lines in a journal')
    const catalogue = new Catalogue(opened)
    for (const fact of read.facts) catalogue.take(fact)
    const archiver = new Archiver(catalogue, new Journal(file, read.length), directory, options)
    await archiver.#resume()
    return archiver
  }

  get grant(): PublishGrant {
    return this.#catalogue.opened.grant
  }

  get startedAtMs(): number {
    return this.#catalogue.opened.startedAtMs
  }

  get partTargetMs(): number {
    return this.#catalogue.opened.partTargetMs
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
    return this.#catalogue.history((file) => this.#initBytes.get(file) ?? null)
  }

  init(rendition: string, index: number, init: InitSegment): void {
    const { codecs, width, height, bytes } = init
    const file = `${rendition}/init-${index}.mp4`
    this.#initBytes.set(file, bytes)
    const sha256 = sha256Of([bytes])
    if (rendition === this.renditions.at(-1)?.name) this.#storyboard.init(index, init)
    this.#keep(file, [bytes], { fact: 'init', rendition, index, codecs, width, height, size: bytes.length, sha256 })
  }

  segment(rendition: string, { parts, kind: _, ...entry }: Segment): void {
    const chunks = parts.map(({ bytes }) => bytes)
    const size = chunks.reduce((sum, { length }) => sum + length, 0)
    const fact: SegmentFact = { fact: 'segment', rendition, ...entry, size, sha256: sha256Of(chunks) }
    this.#keep(`${rendition}/${entry.msn}.m4s`, chunks, fact)
    if (rendition === this.renditions.at(-1)?.name) this.#storyboard.segment(entry, chunks)
  }

  /** A report of the platform's that needs no repeating; remembered over restarts. */
  has(report: string): boolean {
    return this.#catalogue.reported.has(report)
  }

  acknowledge(report: string): void {
    this.#note({ fact: 'reported', report })
  }

  /**
   * Nothing more comes. Resolves when the recording plays out of `read`; the rest of the upload goes on behind.
   * Called again, also after a restart, it says the same; the first cause stays.
   */
  async close(cause: string | null): Promise<RecordingSummary> {
    if (!this.isClosed) {
      await within(LAST_WRITES_MS, this.#spool.settled())
      await within(LAST_PICTURE_MS, this.#storyboard.finish())
      this.#note({ fact: 'closed', endedAtMs: Date.now(), cause })
      this.#playlists = null
      await within(LAST_WRITES_MS, this.#journal.flushed())
    }
    this.#finishing ??= this.#finish()
    return this.summary
  }

  /** What the recording is now. */
  get summary(): RecordingSummary {
    const tracks = [...this.#catalogue.tracks.values()].filter(({ segments }) => segments.size > 0)
    const top = tracks[0]?.inits.at(-1)
    let sizeBytes = 0
    for (const { size } of this.#catalogue.files()) sizeBytes += size
    return {
      isPlayable: tracks.length > 0,
      durationSeconds: durationOf(this.#catalogue),
      width: top?.width ?? null,
      height: top?.height ?? null,
      renditions: tracks.map(({ rendition }) => rendition.name),
      sizeBytes,
      hasThumbnail: this.#catalogue.tiles.length > 0,
      hasStoryboard: this.#catalogue.tiles.length > 0,
    }
  }

  /**
   * A file of the recording by its name, wherever it is by now; null when there is no such thing.
   *
   * @param rendition null: what stands beside the renditions
   * @throws {ObjectStoreError} when only the store has it, and does not give it
   */
  async read(rendition: string | null, file: string): Promise<ArchivedFile | null> {
    const path = rendition === null ? file : `${rendition}/${file}`
    if (file === 'index.m3u8') return this.#readPlaylist(path)
    if (path === STORYBOARD) return asBytes(this.#storyboard.webvtt())
    if (rendition === null && pictureName.test(file)) return this.#readFile(path)
    if (rendition === null || !this.#catalogue.tracks.has(rendition) || !fileName.test(file)) return null
    const bytes = this.#spool.inMemory(path)
    return bytes ? { bytes } : this.#readFile(path)
  }

  async #readFile(path: string): Promise<ArchivedFile | null> {
    if (!this.#isForgotten && (await exists(this.#spool.pathOf(path)))) return { file: this.#spool.pathOf(path) }
    return this.#catalogue.stored.has(path) ? this.#readStored(path) : null
  }

  /** The platform knows that the store has it whole: the spool's folder is removed. */
  async forget(): Promise<void> {
    this.#isForgotten = true
    await this[Symbol.asyncDispose]()
    // The journal first: a folder without one is what is left of this, not a broadcast to recover.
    await rm(join(this.#directory, JOURNAL), { force: true })
    await rm(this.#directory, { recursive: true, force: true })
  }

  /** Leaves everything so that `recover` goes on with it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true
    await within(LAST_PICTURE_MS, this.#storyboard.settled())
    await this.#uploader[Symbol.asyncDispose]()
    await this.#spool[Symbol.asyncDispose]()
    await this.#journal[Symbol.asyncDispose]()
  }

  #keep(file: string, chunks: readonly Uint8Array[], fact: Extract<Fact, { fact: 'init' | 'segment' }>): void {
    if (this.isClosed || this.#isDisposed) return
    this.#catalogue.take(fact)
    this.#unwritten.set(file, fact)
    if (this.#spool.add(file, chunks)) return
    this.warnings.add('disk_full')
    this.#lose(file)
  }

  #onWritten(file: string): void {
    if (this.warnings.delete('disk_full')) this.#logger.info('the disk takes segments again')
    this.#noteWritten(file)
    if (!this.#catalogue.stored.has(file)) this.#uploader.add(file)
  }

  #onStuck(file: string): void {
    if (!this.warnings.has('disk_full')) this.#logger.warn('the disk takes no more: segments wait in memory')
    this.warnings.add('disk_full')
    this.#uploader.add(file)
    // On the same disk the store has the same bytes under another name: nothing would be gained.
    if (this.#store.kind === 'disk') return
    for (const old of this.#removable.splice(0, REMOVED_AT_ONCE)) void this.#spool.remove(old)
  }

  /** For the case that this machine never comes back, the store gets the pictures now and then. */
  #onTile(tile: PlacedTile): void {
    this.#note({ fact: 'tile', ...tile })
    if (this.#catalogue.tiles.length % PICTURES_EVERY_TILES !== 1) return
    for (const file of ['thumbnail.jpg', `storyboard-${tile.sheet}.jpg`, STORYBOARD]) this.#uploader.add(file)
  }

  #onStored(file: string): void {
    // Pictures and playlists change until the end, so until then having them means nothing.
    const isMedia = mediaName.test(file)
    if (this.#catalogue.stored.has(file) || (!isMedia && !this.isClosed)) return
    this.#noteWritten(file)
    this.#note({ fact: 'stored', file })
    this.#spool.release(file)
    this.#unverified.delete(file)
    if (isMedia && file.endsWith('.m4s')) this.#removable.push(file)
  }

  #onStore(trouble: string | null, error?: unknown): void {
    if (!trouble) {
      if (this.warnings.delete('store_unavailable')) this.#logger.info('the object store takes segments again')
      return
    }
    if (!this.warnings.has('store_unavailable')) {
      this.#logger.warn({ error }, 'the object store takes nothing: segments wait in the spool')
    }
    this.warnings.add('store_unavailable')
  }

  #noteWritten(file: string): void {
    const fact = this.#unwritten.get(file)
    if (!fact) return
    this.#unwritten.delete(file)
    this.#journal.append(fact)
  }

  #note(fact: Fact): void {
    this.#catalogue.take(fact)
    this.#journal.append(fact)
  }

  #lose(file: string): void {
    this.#unwritten.delete(file)
    this.#unverified.delete(file)
    const [rendition = '', name = ''] = file.split('/')
    const msn = Number.parseInt(name, 10)
    this.#logger.error({ file }, 'a file was lost')
    if (Number.isNaN(msn)) return
    this.#playlists = null
    this.#note({ fact: 'lost', rendition, msn })
  }

  async #bodyOf(file: string): Promise<Uint8Array | { file: string } | null> {
    const text = file === STORYBOARD ? this.#storyboard.webvtt() : this.isClosed ? this.#vod().get(file) : null
    const bytes = text ? Buffer.from(text) : this.#spool.inMemory(file)
    if (bytes) return bytes
    const path = this.#spool.pathOf(file)
    const sha256 = this.#unverified.get(file)
    if (sha256 === undefined) return (await exists(path)) ? { file: path } : null
    const written = await readFile(path).catch(() => null)
    return written && sha256Of([written]) === sha256 ? written : null
  }

  async #resume(): Promise<void> {
    const { tracks, stored, isWhole } = this.#catalogue
    for (const [name, { inits }] of tracks) {
      for (const init of inits) {
        const file = `${name}/init-${init?.index}.mp4`
        const bytes = await readFile(this.#spool.pathOf(file)).catch(() => this.#fetch(file))
        if (!bytes || !init) continue
        this.#initBytes.set(file, bytes)
        if (name === this.renditions.at(-1)?.name) this.#storyboard.init(init.index, { ...init, bytes })
      }
    }
    if (isWhole) return
    this.#loseWithoutInit()
    for (const { file, size, sha256 } of [...this.#catalogue.files()]) {
      if (stored.has(file)) {
        if (file.endsWith('.m4s')) this.#removable.push(file)
        continue
      }
      const found = await stat(this.#spool.pathOf(file)).catch(() => null)
      if (found?.size !== size) {
        this.#lose(file)
        continue
      }
      this.#unverified.set(file, sha256)
      this.#uploader.add(file)
    }
  }

  /** Segments whose init segment did not survive are no use to anybody. */
  #loseWithoutInit(): void {
    for (const [name, { segments }] of this.#catalogue.tracks) {
      for (const { msn, init } of [...segments.values()]) {
        const file = `${name}/init-${init}.mp4`
        if (!this.#initBytes.has(file) && !this.#catalogue.stored.has(file)) this.#lose(`${name}/${msn}.m4s`)
      }
    }
  }

  async #fetch(file: string): Promise<Uint8Array | null> {
    if (!this.#catalogue.stored.has(file)) return null
    const { body } = await this.#store.get(this.#keyOf(file)).catch(() => ({ body: null }))
    if (!body) return null
    return Buffer.concat(await body.toArray())
  }

  /** Media and pictures first, then the playlists, the multivariant one last. */
  async #finish(): Promise<void> {
    await this.#spool.settled()
    await this.#uploader.idle()
    await this.#storyboard.finish()
    if (!this.#catalogue.isWhole && !this.#isDisposed) {
      const playlists = [...this.#vod().keys()]
      const multivariant = playlists.slice(-1)
      for (const batch of [this.#storyboard.files(), playlists.slice(0, -1), multivariant]) {
        for (const file of batch) this.#uploader.add(file)
        await this.#uploader.idle()
      }
      if (!this.#isDisposed) this.#note({ fact: 'whole' })
    }
    if (!this.#isDisposed) this.#resolveUploaded()
  }

  #vod(): Map<string, string> {
    this.#playlists ??= vodPlaylists(this.#catalogue)
    return this.#playlists
  }

  #readPlaylist(path: string): ArchivedFile | null {
    if (!this.isClosed) return null
    return asBytes(this.#vod().get(path) ?? null)
  }

  async #readStored(file: string): Promise<ArchivedFile | null> {
    const redirect = await this.#store.presign(this.#keyOf(file), PRESIGNED_SECONDS)
    if (redirect !== null) return { redirect }
    try {
      const { body } = await this.#store.get(this.#keyOf(file))
      return { bytes: Buffer.concat(await body.toArray()) }
    } catch (error) {
      if (error instanceof ObjectStoreError && error.code === 'not_found') return null
      throw error
    }
  }

  #keyOf(file: string): string {
    return `recordings/${this.grant.recording}/${file}`
  }
}

function sha256Of(chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

function asBytes(text: string | null): ArchivedFile | null {
  return text === null ? null : { bytes: Buffer.from(text) }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Waits for it, but not for ever. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const stop = new AbortController()
  await Promise.race([work, delay(ms, undefined, { signal: stop.signal }).catch(() => {})])
  stop.abort()
}
