import { mkdir, open, rm, statfs, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface SpoolOptions {
  directory: string
  /** What may wait in memory for a disk that takes nothing; beyond it, media is lost. */
  memoryBytes: number
  /** Left free on the disk for everybody else. */
  reserveBytes: number
  /** It is on disk, and out of memory. */
  onWritten(file: string): void
  /** The disk did not take it. It stays in memory and is tried again, until written or released. */
  onStuck(file: string): void
}

interface Waiting {
  chunks: readonly Uint8Array[]
  size: number
  isStuck: boolean
}

const RETRY_AFTER_MS = 1000
const ROOM_KNOWN_MS = 1000

/**
 * The files of one broadcast on their way to the object store.
 *
 *   add() ──▶ memory ──▶ disk ──▶ remove()
 *                └── stuck (disk full) ──▶ release(), when the store has it
 *
 * `add` never waits and never throws. Files are written one after the other, each synced after it was announced: a
 * kill costs what the kernel has not got yet (milliseconds), a loss of power at most the last second.
 */
export class Spool implements AsyncDisposable {
  readonly #options: SpoolOptions
  readonly #waiting = new Map<string, Waiting>()
  readonly #stopped = new AbortController()
  #waitingBytes = 0
  #draining: Promise<void> | null = null
  #isFull = false
  #room = { bytes: 0, knownAt: Number.NEGATIVE_INFINITY }

  constructor(options: SpoolOptions) {
    this.#options = options
  }

  /** False: neither disk nor memory has room, so it is lost. */
  add(file: string, chunks: readonly Uint8Array[]): boolean {
    const size = chunks.reduce((sum, { length }) => sum + length, 0)
    // Alone it may be as large as it likes: the bound is on what piles up.
    if (this.#waiting.size > 0 && this.#waitingBytes + size > this.#options.memoryBytes) return false
    const item: Waiting = { chunks, size, isStuck: this.#isFull }
    this.#waiting.set(file, item)
    this.#waitingBytes += size
    if (item.isStuck) this.#options.onStuck(file)
    this.#draining ??= this.#drain().finally(() => {
      this.#draining = null
    })
    return true
  }

  /** The disk takes nothing at the moment. */
  get isFull(): boolean {
    return this.#isFull
  }

  pathOf(file: string): string {
    return join(this.#options.directory, file)
  }

  /** What waits in memory; null when it does not. */
  inMemory(file: string): Uint8Array | null {
    const item = this.#waiting.get(file)
    return item ? Buffer.concat(item.chunks) : null
  }

  /** Needs to be kept no longer: something else has it. */
  release(file: string): void {
    const item = this.#waiting.get(file)
    if (!item) return
    this.#waiting.delete(file)
    this.#waitingBytes -= item.size
  }

  async remove(file: string): Promise<void> {
    await unlink(this.pathOf(file)).catch(() => {})
  }

  /** Resolves when nothing waits in memory. On a full disk that may be never. */
  async settled(): Promise<void> {
    await this.#draining
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort()
    await this.#draining
  }

  async #drain(): Promise<void> {
    for (;;) {
      const next = this.#waiting.entries().next().value
      if (!next) return
      const [file, item] = next
      try {
        await this.#write(file, item)
      } catch {
        this.#isFull = true
        this.#room.knownAt = Number.NEGATIVE_INFINITY
        for (const [name, other] of this.#waiting) {
          if (other.isStuck) continue
          other.isStuck = true
          this.#options.onStuck(name)
        }
        if (this.#stopped.signal.aborted) return
        await delay(RETRY_AFTER_MS, undefined, { signal: this.#stopped.signal }).catch(() => {})
      }
    }
  }

  async #write(file: string, { chunks, size }: Waiting): Promise<void> {
    if (!(await this.#hasRoom(size))) throw new Error('the disk is nearly full')
    const path = this.pathOf(file)
    await mkdir(dirname(path), { recursive: true })
    // A name that was taken before a kill, without a line in the journal, never was.
    await using handle = await open(path, 'w')
    try {
      for (const chunk of chunks) await handle.writeFile(chunk)
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
    this.#isFull = false
    if (!this.#waiting.has(file)) return // released meanwhile; `onWritten` would say it twice
    this.release(file)
    this.#options.onWritten(file)
    await handle.datasync().catch(() => {})
  }

  async #hasRoom(size: number): Promise<boolean> {
    const now = performance.now()
    if (now - this.#room.knownAt > ROOM_KNOWN_MS) {
      const { bavail, bsize } = await statfs(this.#options.directory)
      this.#room = { bytes: bavail * bsize, knownAt: now }
    }
    this.#room.bytes -= size
    return this.#room.bytes >= this.#options.reserveBytes
  }
}
