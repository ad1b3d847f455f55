import { copyFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { decodeStill, encodeJpeg } from '../files/still.ts'
import type { Logger } from '../logger.ts'
import {
  copyTile,
  detailOf,
  emptySheet,
  SHEET_COLUMNS,
  SHEET_ROWS,
  type PlacedTile as Tile,
  tileSizeOf,
  webvttOf,
} from './sheet.ts'

export interface StoryboardOptions {
  directory: string
  logger: Logger
  /** Of an earlier process; its sheets stay as they are, this one begins another. */
  earlier: readonly Tile[]
  /** Where the show stands, in seconds. */
  elapsedSeconds: number
  onTile: (tile: Tile) => void
  /** Seconds from one picture to the next; ten when nothing is said. */
  everySeconds?: number
  /** Nobody sees a sheet before the end: it is written when it is full and then, not with each picture. */
  isUnseen?: boolean
}

interface Still {
  atSeconds: number
  init: Uint8Array
  chunks: readonly Uint8Array[]
  width: number
  height: number
}

const EVERY_SECONDS = 10
const TILES_A_SHEET = SHEET_COLUMNS * SHEET_ROWS
/** A picture with less detail is a black or an empty moment. */
const DULL = 1
const LATEST = 'thumbnail.jpg'
/** The picture with the most in it, which is the thumbnail when the show is over. */
const BEST = 'thumbnail-best.jpg'

/**
 * Thumbnail and storyboard of a running show, from the smallest rendition's segments: one keyframe every ten seconds,
 * decoded by a niced ffmpeg, one at a time of all shows of this process. When the machine is busy the next picture
 * waits and an older one that waits gives way (its neighbour's cue is longer then): the show itself never does. So at
 * the end nothing is left to make but the one that waits, however long the show was.
 */
export class Storyboard {
  /** Of all shows: settled when the last picture that was asked for is made. */
  static #turn: Promise<void> = Promise.resolve()
  readonly #options: StoryboardOptions
  readonly #inits: { bytes: Uint8Array; width: number | null; height: number | null }[] = []
  readonly #tiles: Tile[]
  #sheetNumber: number
  #sheet: { bytes: Buffer; width: number; height: number; count: number; isWritten: boolean } | null = null
  #elapsed: number
  #nextAt: number
  #waiting: Still | null = null
  #working: Promise<void> = Promise.resolve()
  #finishing: Promise<void> | null = null
  #isWorking = false
  #mostDetail = 0

  constructor(options: StoryboardOptions) {
    this.#options = options
    this.#tiles = [...options.earlier]
    this.#sheetNumber = Math.max(-1, ...options.earlier.map(({ sheet }) => sheet)) + 1
    this.#elapsed = options.elapsedSeconds
    this.#nextAt = options.elapsedSeconds
  }

  init(index: number, init: { bytes: Uint8Array; width: number | null; height: number | null }): void {
    this.#inits[index] = init
  }

  segment(
    segment: { durationSeconds: number; init: number; isIndependent?: boolean },
    chunks: readonly Uint8Array[],
  ): void {
    const atSeconds = this.#elapsed
    this.#elapsed += segment.durationSeconds
    const init = this.#inits[segment.init]
    if (atSeconds < this.#nextAt || segment.isIndependent === false || !init?.width || !init.height) return
    this.#nextAt = atSeconds + (this.#options.everySeconds ?? EVERY_SECONDS)
    this.#waiting = { atSeconds, init: init.bytes, chunks, width: init.width, height: init.height }
    if (!this.#isWorking) this.#working = this.#work()
  }

  /** WebVTT whose cues are tiles of the sheets (`#xywh=`); null while there is none. */
  webvtt(): string | null {
    return this.#tiles.length > 0 ? webvttOf(this.#tiles, this.#elapsed) : null
  }

  /** What there is, by name. */
  files(): string[] {
    const sheets = new Set(this.#tiles.map(({ sheet }) => `storyboard-${sheet}.jpg`))
    return this.#tiles.length > 0 ? ['thumbnail.jpg', ...sheets, 'storyboard.vtt'] : []
  }

  /**
   * Nothing more comes: the last pictures are made, and the thumbnail is the best of them.
   *
   * @throws when a sheet that nobody has seen cannot be written
   */
  finish(): Promise<void> {
    this.#finishing ??= this.#working.then(async () => {
      if (this.#options.isUnseen) await this.#writeSheet()
      const { directory } = this.#options
      await rename(join(directory, BEST), join(directory, LATEST)).catch(() => {})
    })
    return this.#finishing
  }

  /** Resolves when no picture is being made. */
  settled(): Promise<void> {
    return this.#working
  }

  async #work(): Promise<void> {
    this.#isWorking = true
    while (this.#waiting) {
      Storyboard.#turn = Storyboard.#turn.then(() => this.#takeWaiting())
      await Storyboard.#turn
    }
    this.#isWorking = false
  }

  async #takeWaiting(): Promise<void> {
    const still = this.#waiting
    this.#waiting = null
    if (!still) return
    await this.#take(still).catch((error: unknown) => {
      this.#options.logger.warn({ error, atSeconds: still.atSeconds }, 'no picture for the storyboard')
    })
  }

  async #take(still: Still): Promise<void> {
    const { directory, onTile } = this.#options
    const { width, height } = tileSizeOf(still)
    const fresh = join(directory, 'thumbnail-next.jpg')
    const picture = await decodeStill([still.init, ...still.chunks], { width, height, jpeg: fresh })
    await this.#keepThumbnail(fresh, detailOf(picture, { width, height }))

    // Another size (the publisher turned the phone) cannot share a sheet.
    if (
      this.#sheet &&
      (this.#sheet.count === TILES_A_SHEET || this.#sheet.width !== width || this.#sheet.height !== height)
    ) {
      if (this.#options.isUnseen) await this.#writeSheet()
      this.#sheet = null
      this.#sheetNumber += 1
    }
    this.#sheet ??= { bytes: emptySheet(width, height), width, height, count: 0, isWritten: true }
    const index = this.#sheet.count
    copyTile(picture, this.#sheet.bytes, { width, height, index })
    this.#sheet.isWritten = false
    if (!this.#options.isUnseen) await this.#writeSheet()
    this.#sheet.count += 1
    const tile: Tile = { sheet: this.#sheetNumber, index, atSeconds: still.atSeconds, width, height }
    this.#tiles.push(tile)
    onTile(tile)
  }

  async #writeSheet(): Promise<void> {
    if (!this.#sheet || this.#sheet.isWritten) return
    const { bytes, width, height } = this.#sheet
    const file = join(this.#options.directory, `storyboard-${this.#sheetNumber}.jpg`)
    await encodeJpeg(bytes, { width: width * SHEET_COLUMNS, height: height * SHEET_ROWS, file: `${file}.next` })
    await rename(`${file}.next`, file)
    this.#sheet.isWritten = true
  }

  /** The latest picture that shows something. */
  async #keepThumbnail(fresh: string, detail: number): Promise<void> {
    const { directory } = this.#options
    if (detail > this.#mostDetail) await copyFile(fresh, join(directory, BEST))
    this.#mostDetail = Math.max(this.#mostDetail, detail)
    const isShown = detail >= DULL || this.#tiles.length === 0
    if (isShown) await rename(fresh, join(directory, LATEST))
    else await rm(fresh, { force: true })
  }
}
