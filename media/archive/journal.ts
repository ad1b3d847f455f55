import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { PublishGrant } from '../host.ts'
import type { Rendition } from '../ladder/ladder.ts'
import type { SegmentEntry } from '../packager/packaged.ts'
import type { PlacedTile } from './sheet.ts'

/** One thing that became true of a broadcast's archive. Facts are only ever added. */
export type Fact =
  | OpenedFact
  | InitFact
  | SegmentFact
  /** The object store has this file. */
  | { fact: 'stored'; file: string }
  /** This segment exists nowhere: no room for it, or its file did not survive. */
  | { fact: 'lost'; rendition: string; msn: number }
  /** A picture of the storyboard. */
  | ({ fact: 'tile' } & PlacedTile)
  | ClosedFact
  /** The platform acknowledged this report. */
  | { fact: 'reported'; report: string }
  /** The object store has the recording whole, playlists included. */
  | { fact: 'whole' }

export interface OpenedFact {
  fact: 'opened'
  version: 1
  grant: PublishGrant
  startedAtMs: number
  segmentTargetMs: number
  partTargetMs: number
  /** Of the whole broadcast, highest first. */
  renditions: readonly Rendition[]
}

export interface InitFact {
  fact: 'init'
  rendition: string
  index: number
  codecs: string
  width: number | null
  height: number | null
  size: number
  sha256: string
}

export interface SegmentFact extends SegmentEntry {
  fact: 'segment'
  rendition: string
  size: number
  sha256: string
}

export interface ClosedFact {
  fact: 'closed'
  endedAtMs: number
  cause: string | null
}

const SYNC_AFTER_MS = 1000
const RETRY_AFTER_MS = 1000

/**
 * The append-only record of one broadcast: a line `<crc32> <json>` for each fact.
 *
 * What is appended is with the kernel within milliseconds (it survives SIGKILL) and on the disk within a second (it
 * survives a loss of power). A disk that is full loses no fact: lines wait in memory, in order, and are tried again.
 * `append` never throws and never waits.
 */
export class Journal implements AsyncDisposable {
  readonly #file: string
  readonly #stopped = new AbortController()
  #handle: FileHandle | null = null // opened with the first line: a disk that is full may not even take a name
  /** Where the next line goes. What a failed write left behind it is written over. */
  #position: number
  #pending: string[] = []
  #writing: Promise<void> | null = null
  #syncTimer: NodeJS.Timeout | null = null

  /** @param length of what is good of it, from `readJournal`: a torn end is cut off; 0 for a new one */
  constructor(file: string, length: number) {
    this.#file = file
    this.#position = length
  }

  append(fact: Fact): void {
    if (this.#stopped.signal.aborted) return
    this.#pending.push(lineOf(fact))
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = null
    })
  }

  /** Resolves when everything appended so far has reached the kernel; on a full disk that may be late. */
  async flushed(): Promise<void> {
    await this.#writing
  }

  /** Writes and syncs what it can; what a full disk does not take now is given up. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stopped.signal.aborted) return
    this.#stopped.abort()
    if (this.#syncTimer) clearTimeout(this.#syncTimer)
    await this.#writing
    await this.#handle?.datasync().catch(() => {})
    await this.#handle?.close()
  }

  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const count = this.#pending.length
      const bytes = Buffer.from(this.#pending.join(''))
      try {
        this.#handle ??= await openAt(this.#file, this.#position)
        await writeAll(this.#handle, bytes, this.#position)
      } catch {
        if (this.#stopped.signal.aborted) return
        await delay(RETRY_AFTER_MS, undefined, { signal: this.#stopped.signal }).catch(() => {})
        continue
      }
      this.#pending.splice(0, count)
      this.#position += bytes.length
      this.#syncSoon()
    }
  }

  #syncSoon(): void {
    if (this.#stopped.signal.aborted) return
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = null
      void this.#handle?.datasync().catch(() => {})
    }, SYNC_AFTER_MS)
  }
}

export interface JournalContent {
  facts: Fact[]
  /** Up to the end of the last good line: where the next one goes. */
  length: number
  /** Lines that are whole but do not match their checksum. Nothing but a failing disk makes one. */
  damaged: number
}

/**
 * Reads what a journal says, wherever its writer was stopped: a torn last line never was.
 *
 * @throws {Error} with `code` ENOENT when there is none
 */
export async function readJournal(file: string): Promise<JournalContent> {
  return parseJournal(await readFile(file))
}

export function parseJournal(bytes: Buffer): JournalContent {
  const content: JournalContent = { facts: [], length: 0, damaged: 0 }
  let at = 0
  for (;;) {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0) return content
    const fact = parseLine(bytes.toString('utf8', at, end))
    at = end + 1
    if (fact) {
      content.facts.push(fact)
      content.length = at
    } else content.damaged += 1
  }
}

export function lineOf(fact: Fact): string {
  const json = JSON.stringify(fact)
  return `${checksum(json)} ${json}\n`
}

function parseLine(line: string): Fact | null {
  const json = line.slice(9)
  if (line.slice(0, 9) !== `${checksum(json)} `) return null
  return JSON.parse(json) as Fact
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}

async function openAt(file: string, length: number): Promise<FileHandle> {
  await mkdir(dirname(file), { recursive: true })
  const handle = await open(file, length === 0 ? 'w' : 'r+')
  try {
    await handle.truncate(length)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await handle.write(bytes, done, bytes.length - done, position + done)).bytesWritten
  }
}
