import { createHash } from 'node:crypto'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '../logger.ts'
import { type ObjectStore, ObjectStoreError } from '../storage/object-store.ts'
import type { Catalogue } from './catalogue.ts'
import type { Fact, Journal } from './journal.ts'
import { Spool } from './spool.ts'
import { Uploader } from './uploader.ts'

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

export interface KeeperOptions {
  catalogue: Catalogue
  journal: Journal
  /** The broadcast's own. */
  directory: string
  store: ObjectStore
  logger: Logger
  limits?: Partial<ArchiveLimits> | undefined
  /** Files that are made when they are asked for, playlists and cues; null for all others. */
  textOf(file: string): string | null
  /** The recording is not what it was. */
  onLost(): void
}

export const JOURNAL = 'journal'
const MEGABYTE = 1024 * 1024
const defaultLimits: ArchiveLimits = { memoryBytes: 64 * MEGABYTE, reserveBytes: 256 * MEGABYTE }
const PRESIGNED_SECONDS = 300
/** Segments that give way to new ones when the disk is full. */
const REMOVED_AT_ONCE = 50
const mediaName = /\.(?:mp4|m4s)$/

/**
 * Keeps the files of one broadcast safe: spool, journal and store, and what is known of each.
 *
 *   keep() ──▶ memory ──▶ spool ──▶ journal ──▶ store ──▶ journal
 *                 └── disk full ───────────────▲
 *
 * What `keep` takes is lost only when disk and store both refuse it until the memory's limit is reached.
 */
export class Keeper implements AsyncDisposable {
  /** What is in the way, for the studio. */
  readonly warnings = new Set<ArchiveWarning>()
  readonly #options: KeeperOptions
  readonly #catalogue: Catalogue
  readonly #spool: Spool
  readonly #uploader: Uploader
  /** By path; some kilobytes each, for whoever goes on with the broadcast. */
  readonly #initBytes = new Map<string, Uint8Array>()
  /** Taken, but on no disk yet: the journal does not know of them. */
  readonly #unwritten = new Map<string, Fact>()
  /** In the store and still on disk, oldest first: what can go when the disk is full. */
  readonly #removable: string[] = []
  /** Written by an earlier process: compared with their checksums before they are uploaded. */
  readonly #unverified = new Map<string, string>()
  #isRemoved = false

  constructor(options: KeeperOptions) {
    const { catalogue, directory, store, limits } = options
    this.#options = options
    this.#catalogue = catalogue
    this.#spool = new Spool({
      ...defaultLimits,
      ...limits,
      directory,
      onWritten: (file) => this.#onWritten(file),
      onStuck: (file) => this.#onStuck(file),
    })
    this.#uploader = new Uploader({
      store,
      prefix: this.#keyOf(''),
      bodyOf: (file) => this.#bodyOf(file),
      onStored: (file) => this.#onStored(file),
      onMissing: (file) => this.#lose(file),
      onState: (trouble, error) => this.#onStore(trouble, error),
    })
  }

  /** Never throws and never waits. */
  keep(file: string, chunks: readonly Uint8Array[], fact: Extract<Fact, { fact: 'init' | 'segment' }>): void {
    if (fact.fact === 'init') this.#initBytes.set(file, Buffer.concat(chunks))
    this.#catalogue.take(fact)
    this.#unwritten.set(file, fact)
    if (this.#spool.add(file, chunks)) return
    this.warnings.add('disk_full')
    this.#lose(file)
  }

  note(fact: Fact): void {
    this.#catalogue.take(fact)
    this.#options.journal.append(fact)
  }

  /** Something beside the media: what is in the spool by that name, or `textOf` it. */
  upload(file: string): void {
    this.#uploader.add(file)
  }

  initBytes(file: string): Uint8Array | null {
    return this.#initBytes.get(file) ?? null
  }

  /** All that was kept is on disk, or in the store. On a full disk, with the store away, that may be late. */
  settled(): Promise<void> {
    return this.#spool.settled()
  }

  /** All that was to be uploaded is, or this was disposed of. */
  uploaded(): Promise<void> {
    return this.#uploader.idle()
  }

  /** @throws {ObjectStoreError} when only the store has it, and does not give it */
  async read(file: string): Promise<ArchivedFile | null> {
    const bytes = this.#spool.inMemory(file)
    if (bytes) return { bytes }
    const path = this.#spool.pathOf(file)
    if (!this.#isRemoved && (await exists(path))) return { file: path }
    return this.#catalogue.stored.has(file) ? this.#readStored(file) : null
  }

  /** After a restart: uploads go on; what did not survive is noted as lost. */
  async resume(): Promise<void> {
    const files = [...this.#catalogue.files()]
    for (const { file, sha256 } of files.filter((entry) => entry.file.endsWith('.mp4'))) {
      const written = await readFile(this.#spool.pathOf(file)).catch(() => null)
      const bytes = written && sha256Of([written]) === sha256 ? written : await this.#fetch(file)
      if (bytes) this.#initBytes.set(file, bytes)
    }
    if (this.#catalogue.isWhole) return
    this.#loseWithoutInit()
    for (const { file, size, sha256 } of [...this.#catalogue.files()]) {
      if (this.#catalogue.stored.has(file)) {
        if (file.endsWith('.m4s')) this.#removable.push(file)
        continue
      }
      const found = await stat(this.#spool.pathOf(file)).catch(() => null)
      if (found?.size !== size) this.#lose(file)
      else {
        this.#unverified.set(file, sha256)
        this.#uploader.add(file)
      }
    }
  }

  /** Leaves no trace on this disk. */
  async remove(): Promise<void> {
    this.#isRemoved = true
    await this[Symbol.asyncDispose]()
    const { directory } = this.#options
    // The journal first: a folder without one is what is left of this, not a broadcast to recover.
    await rm(join(directory, JOURNAL), { force: true })
    await rm(directory, { recursive: true, force: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#uploader[Symbol.asyncDispose]()
    await this.#spool[Symbol.asyncDispose]()
    await this.#options.journal[Symbol.asyncDispose]()
  }

  #onWritten(file: string): void {
    if (this.warnings.delete('disk_full')) this.#options.logger.info('the disk takes segments again')
    this.#noteWritten(file)
    if (!this.#catalogue.stored.has(file)) this.#uploader.add(file)
  }

  #onStuck(file: string): void {
    if (!this.warnings.has('disk_full')) this.#options.logger.warn('the disk takes no more: segments wait in memory')
    this.warnings.add('disk_full')
    this.#uploader.add(file)
    // On the same disk the store has the same bytes under another name: nothing would be gained.
    if (this.#options.store.kind === 'disk') return
    for (const old of this.#removable.splice(0, REMOVED_AT_ONCE)) void this.#spool.remove(old)
  }

  #onStored(file: string): void {
    const { stored, closed } = this.#catalogue
    // Pictures and playlists change until the end, so until then having them means nothing.
    const isMedia = mediaName.test(file)
    if (stored.has(file) || (!isMedia && !closed)) return
    this.#noteWritten(file)
    this.note({ fact: 'stored', file })
    this.#spool.release(file)
    this.#unverified.delete(file)
    if (file.endsWith('.m4s')) this.#removable.push(file)
  }

  #onStore(trouble: string | null, error?: unknown): void {
    const { logger } = this.#options
    if (!trouble) {
      if (this.warnings.delete('store_unavailable')) logger.info('the object store takes segments again')
      return
    }
    if (!this.warnings.has('store_unavailable')) {
      logger.warn({ error }, 'the object store takes nothing: segments wait in the spool')
    }
    this.warnings.add('store_unavailable')
  }

  #noteWritten(file: string): void {
    const fact = this.#unwritten.get(file)
    if (!fact) return
    this.#unwritten.delete(file)
    this.#options.journal.append(fact)
  }

  #lose(file: string): void {
    this.#unwritten.delete(file)
    this.#unverified.delete(file)
    this.#options.logger.error({ file }, 'a file was lost')
    const [, rendition = '', msn] = /^(.*)\/(\d+)\.m4s$/.exec(file) ?? []
    if (msn === undefined) return
    this.note({ fact: 'lost', rendition, msn: Number(msn) })
    this.#options.onLost()
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

  async #bodyOf(file: string): Promise<Uint8Array | { file: string } | null> {
    const text = this.#options.textOf(file)
    const bytes = text === null ? this.#spool.inMemory(file) : Buffer.from(text)
    if (bytes) return bytes
    const path = this.#spool.pathOf(file)
    const sha256 = this.#unverified.get(file)
    if (sha256 === undefined) return (await exists(path)) ? { file: path } : null
    const written = await readFile(path).catch(() => null)
    return written && sha256Of([written]) === sha256 ? written : null
  }

  async #fetch(file: string): Promise<Uint8Array | null> {
    if (!this.#catalogue.stored.has(file)) return null
    try {
      const { body } = await this.#options.store.get(this.#keyOf(file))
      return Buffer.concat(await body.toArray())
    } catch {
      // It is there all the same, and is asked for again by whoever needs it.
      return null
    }
  }

  async #readStored(file: string): Promise<ArchivedFile | null> {
    const redirect = await this.#options.store.presign(this.#keyOf(file), PRESIGNED_SECONDS)
    if (redirect !== null) return { redirect }
    try {
      const { body } = await this.#options.store.get(this.#keyOf(file))
      return { bytes: Buffer.concat(await body.toArray()) }
    } catch (error) {
      if (error instanceof ObjectStoreError && error.code === 'not_found') return null
      throw error
    }
  }

  #keyOf(file: string): string {
    return `recordings/${this.#catalogue.opened.grant.recording}/${file}`
  }
}

export function sha256Of(chunks: readonly Uint8Array[]): string {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
