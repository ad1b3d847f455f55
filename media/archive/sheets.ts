import { copyFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { detailOf } from '../files/detail.ts'
import { encodeJpeg } from '../files/still.ts'
import { copyTile, emptySheet, SHEET_COLUMNS, SHEET_ROWS, type PlacedTile as Tile, webvttOf } from './sheet.ts'

/** One moment. */
export interface Still {
  atSeconds: number
  /** Raw yuv420p of a tile's size. */
  tile: Uint8Array
  width: number
  height: number
  /** The same picture in its own size, a file of the sheets' directory; taken away from there. */
  jpeg: string
}

const TILES_A_SHEET = SHEET_COLUMNS * SHEET_ROWS
/** A picture with less detail is a black or an empty moment. */
const DULL = 1
const LATEST = 'thumbnail.jpg'
/** The picture with the most in it, which is the thumbnail in the end. */
const BEST = 'thumbnail-best.jpg'

export interface SheetsOptions {
  directory: string
  /** Of an earlier process; its sheets stay as they are, this one begins another. */
  earlier: readonly Tile[]
  /** A sheet is written with each picture, for those who look at it meanwhile; otherwise once, when it is full. */
  isSeen: boolean
}

/** Puts pictures, as they come, on sprite sheets, and keeps one as the thumbnail. */
export class Sheets {
  readonly #directory: string
  readonly #isSeen: boolean
  readonly #tiles: Tile[]
  #number: number
  #sheet: { bytes: Buffer; width: number; height: number; count: number; isWritten: boolean } | null = null
  #mostDetail = 0

  constructor({ directory, earlier, isSeen }: SheetsOptions) {
    this.#directory = directory
    this.#isSeen = isSeen
    this.#tiles = [...earlier]
    this.#number = Math.max(-1, ...earlier.map(({ sheet }) => sheet)) + 1
  }

  /** @throws when a sheet, or the thumbnail, cannot be written; the picture is left out then */
  async add({ atSeconds, tile, width, height, jpeg }: Still): Promise<Tile> {
    await this.#keepThumbnail(jpeg, detailOf(tile, { width, height }))
    // Another size (the publisher turned the phone) cannot share a sheet.
    if (
      this.#sheet &&
      (this.#sheet.count === TILES_A_SHEET || this.#sheet.width !== width || this.#sheet.height !== height)
    ) {
      await this.#write()
      this.#sheet = null
      this.#number += 1
    }
    this.#sheet ??= { bytes: emptySheet(width, height), width, height, count: 0, isWritten: true }
    const index = this.#sheet.count
    copyTile(tile, this.#sheet.bytes, { width, height, index })
    this.#sheet.isWritten = false
    if (this.#isSeen) await this.#write()
    this.#sheet.count += 1
    const placed: Tile = { sheet: this.#number, index, atSeconds, width, height }
    this.#tiles.push(placed)
    return placed
  }

  /**
   * Nothing more comes: the thumbnail is the best there was.
   *
   * @throws when a sheet cannot be written
   */
  async finish(): Promise<void> {
    await this.#write()
    await rename(join(this.#directory, BEST), join(this.#directory, LATEST)).catch(() => {})
  }

  /** WebVTT whose cues are tiles of the sheets (`#xywh=`), the last to `endSeconds`; null while there is none. */
  webvtt(endSeconds: number): string | null {
    return this.#tiles.length > 0 ? webvttOf(this.#tiles, endSeconds) : null
  }

  /** What there is, by name. */
  files(): string[] {
    const sheets = new Set(this.#tiles.map(({ sheet }) => `storyboard-${sheet}.jpg`))
    return this.#tiles.length > 0 ? [LATEST, ...sheets, 'storyboard.vtt'] : []
  }

  async #write(): Promise<void> {
    if (!this.#sheet || this.#sheet.isWritten) return
    const { bytes, width, height } = this.#sheet
    const file = join(this.#directory, `storyboard-${this.#number}.jpg`)
    await encodeJpeg(bytes, { width: width * SHEET_COLUMNS, height: height * SHEET_ROWS, file: `${file}.next` })
    await rename(`${file}.next`, file)
    this.#sheet.isWritten = true
  }

  /** The latest picture that shows something. */
  async #keepThumbnail(jpeg: string, detail: number): Promise<void> {
    const directory = this.#directory
    if (detail > this.#mostDetail) await copyFile(jpeg, join(directory, BEST))
    this.#mostDetail = Math.max(this.#mostDetail, detail)
    const isShown = detail >= DULL || this.#tiles.length === 0
    if (isShown) await rename(jpeg, join(directory, LATEST))
    else await rm(jpeg, { force: true })
  }
}
