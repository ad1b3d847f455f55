import { join } from 'node:path'
import { decodeStill } from '../files/still.ts'
import type { Logger } from '../logger.ts'
import { type PlacedTile as Tile, tileSizeOf } from './sheet.ts'
import { Sheets } from './sheets.ts'

export interface StoryboardOptions {
  directory: string
  logger: Logger
  /** Of an earlier process. */
  earlier: readonly Tile[]
  /** Where the show stands, in seconds. */
  elapsedSeconds: number
  onTile: (tile: Tile) => void
}

interface Moment {
  atSeconds: number
  init: Uint8Array
  chunks: readonly Uint8Array[]
  width: number
  height: number
}

const EVERY_SECONDS = 10

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
  readonly #sheets: Sheets
  #elapsed: number
  #nextAt: number
  #waiting: Moment | null = null
  #working: Promise<void> = Promise.resolve()
  #finishing: Promise<void> | null = null
  #isWorking = false

  constructor(options: StoryboardOptions) {
    this.#options = options
    this.#sheets = new Sheets({ ...options, isSeen: true })
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
    this.#nextAt = atSeconds + EVERY_SECONDS
    this.#waiting = { atSeconds, init: init.bytes, chunks, width: init.width, height: init.height }
    if (!this.#isWorking) this.#working = this.#work()
  }

  /** WebVTT whose cues are tiles of the sheets (`#xywh=`); null while there is none. */
  webvtt(): string | null {
    return this.#sheets.webvtt(this.#elapsed)
  }

  /** What there is, by name. */
  files(): string[] {
    return this.#sheets.files()
  }

  /** Nothing more comes: the last pictures are made, and the thumbnail is the best of them. */
  finish(): Promise<void> {
    this.#finishing ??= this.#working.then(() => this.#sheets.finish())
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
    const moment = this.#waiting
    this.#waiting = null
    if (!moment) return
    await this.#take(moment).catch((error: unknown) => {
      this.#options.logger.warn({ error, atSeconds: moment.atSeconds }, 'no picture for the storyboard')
    })
  }

  async #take({ atSeconds, init, chunks, ...whole }: Moment): Promise<void> {
    const size = tileSizeOf(whole)
    const jpeg = join(this.#options.directory, 'thumbnail-next.jpg')
    const tile = await decodeStill([init, ...chunks], { ...size, jpeg })
    this.#options.onTile(await this.#sheets.add({ atSeconds, tile, ...size, jpeg }))
  }
}
