import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { tileSizeOf } from '../archive/sheet.ts'
import { Sheets } from '../archive/sheets.ts'
import { readFragments } from '../packager/fmp4.ts'
import { multivariantPlaylist, type Variant } from '../packager/multivariant-playlist.ts'
import type { InitSegment } from '../packager/packaged.ts'
import type { ObjectBody } from '../storage/object-store.ts'
import type { Patience } from '../storage/patience.ts'
import { decodeStill } from './still.ts'
import { type TranscodedVideo, TranscodeError, type TranscodeOptions } from './transcode-video.ts'
import { SEGMENT_SECONDS, STILLS, stillsEvery, type VideoRendition } from './video-ladder.ts'
import { durationsOf, videoPlaylist } from './video-playlist.ts'
import { isSeamless, type Seam } from './video-seam.ts'
import { isWholeSegment } from './whole-segment.ts'

/** Playlists are written this often for what is there at a time: of ten hours they are long. */
const MOST_ROUNDS = 8
/** A segment that is made again may end a picture sooner or later than one that players may have. */
const SAME_SEGMENT_SECONDS = 0.05

/** What was made does not fit what is there: the video is made from its beginning. */
export class SeamError extends Error {
  override readonly name = 'SeamError'
}

/** One rendition's segments as far as they are in the store. */
interface Published {
  rendition: VideoRendition
  init: InitSegment | null
  segments: { durationSeconds: number; sizeBytes: number }[]
  /** What its playlist in the store tells; never less again. */
  listed: readonly number[]
}

/** Brings what ffmpeg finishes into the store: segments, the playlists that list them, pictures at the end. */
export class VideoPublishing {
  readonly #options: TranscodeOptions
  readonly #seam: Seam | null
  readonly #tracks: Published[]
  readonly #sheets: Sheets
  readonly #patience: Patience
  readonly #earlierStills: Promise<void>
  #hasEarlierStills = false
  #isTold = false
  #isMore = false

  constructor(options: TranscodeOptions, ladder: readonly VideoRendition[], seam: Seam | null, patience: Patience) {
    const { directory } = options
    this.#options = options
    this.#seam = seam
    this.#patience = patience
    this.#tracks = ladder.map((rendition) => {
      const { init = null, segments = [], listed = [] } = seam?.renditions.get(rendition.name) ?? {}
      return { rendition, init, segments: [...segments], listed }
    })
    this.#sheets = new Sheets({ directory, earlier: [], isSeen: false })
    this.#earlierStills = this.#takeEarlierStills()
    this.#earlierStills.catch(() => {})
  }

  /** Each rendition has a segment in the store. */
  get isPlayable(): boolean {
    return this.#tracks.every(({ segments }) => segments.length > 0)
  }

  /** There is something in the store that was not when this began. */
  get isMore(): boolean {
    return this.#isMore
  }

  /**
   * What ffmpeg has finished since the last time. Renditions grow together, so that an attempt that goes on after this
   * one has all of them to the same moment.
   *
   * @throws {SeamError}
   */
  async publish(): Promise<void> {
    const made = await Promise.all(this.#tracks.map((track) => this.#madeOf(track)))
    const least = Math.min(...made.map(({ length }) => length))
    await this.#publishUpTo(made.map((durations) => durations.slice(0, least)))
    await this.#takeStills()
  }

  /** @throws {TranscodeError} when there is nothing; {SeamError} */
  async finish(): Promise<TranscodedVideo> {
    await this.#publishUpTo(await Promise.all(this.#tracks.map((track) => this.#madeOf(track))))
    if (!this.isPlayable) throw new TranscodeError('no picture and no sound came out of it')
    if (this.#seam && !this.#isMore) throw new SeamError('nothing came behind what there is')
    const facts = this.#facts({ hasPictures: true })
    const [hasPictures] = await Promise.all([this.#finishPictures(facts), this.#finishPlaylists()])
    return hasPictures ? facts : this.#facts({ hasPictures: false })
  }

  async #finishPictures({ durationSeconds }: TranscodedVideo): Promise<boolean> {
    await this.#earlierStills
    await this.#takeStills()
    await this.#sheets.finish()
    const cues = this.#sheets.webvtt(durationSeconds)
    await Promise.all(
      this.#sheets
        .files()
        .map((name) =>
          this.#put(name, name === 'storyboard.vtt' ? (cues ?? '') : { file: join(this.#options.directory, name) }),
        ),
    )
    return cues !== null
  }

  async #publishUpTo(made: readonly (readonly number[])[]): Promise<void> {
    const fresh = this.#tracks.map((track, at) => ({ track, durations: made[at]?.slice(track.segments.length) ?? [] }))
    const growing = fresh.filter(({ durations }) => durations.length > 0)
    if (growing.length === 0) return
    if (this.#seam && !this.#isMore) {
      for (const { track, durations } of fresh) await this.#checkSeam(track, durations, this.#seam)
    }
    const most = Math.max(...fresh.map(({ durations }) => durations.length))
    const step = Math.ceil(most / MOST_ROUNDS)
    for (let from = 0; from < most; from += step) {
      await Promise.all(
        growing.map(async ({ track, durations }) => {
          for (const seconds of durations.slice(from, from + step)) await this.#publishSegment(track, seconds)
        }),
      )
      this.#isMore = true
      await Promise.all(growing.map(({ track }) => this.#publishPlaylist(track)))
      if (!this.#isTold) await this.#tell()
    }
    if (this.isPlayable) await this.#put('index.m3u8', this.#multivariant())
  }

  async #tell(): Promise<void> {
    if (!this.isPlayable) return
    await this.#put('index.m3u8', this.#multivariant())
    this.#isTold = true
    await this.#options.onPlayable(this.#facts({ hasPictures: false }))
  }

  async #publishSegment(track: Published, durationSeconds: number): Promise<void> {
    const { rendition, segments } = track
    track.init ??= await this.#publishInit(rendition.name)
    const name = `${segments.length}.m4s`
    const file = join(this.#options.directory, rendition.name, name)
    if (!(await isWholeSegment(file))) throw new Error(`${rendition.name}/${name} is cut off: is the disk full?`)
    const { size } = await stat(file)
    await this.#put(`${rendition.name}/${name}`, { file })
    await rm(file)
    segments.push({ durationSeconds, sizeBytes: size })
  }

  async #publishPlaylist(track: Published, isEnded = false): Promise<void> {
    const { rendition, segments } = track
    if (!isEnded && segments.length <= track.listed.length) return
    track.listed = segments.map(({ durationSeconds }) => durationSeconds)
    await this.#put(`${rendition.name}/index.m3u8`, videoPlaylist(track.listed, { isEnded }))
  }

  async #finishPlaylists(): Promise<void> {
    await Promise.all(this.#tracks.map((track) => this.#publishPlaylist(track, true)))
    await this.#put('index.m3u8', this.#multivariant())
  }

  /** Before anything of a rendition is written over or behind what is there. */
  async #checkSeam({ rendition, listed }: Published, durations: readonly number[], seam: Seam): Promise<void> {
    const before = seam.renditions.get(rendition.name)
    const folder = join(this.#options.directory, rendition.name)
    const frameRate = this.#options.facts.video?.frameRate ?? 1
    if (!before || durations.length === 0) throw new SeamError(`${rendition.name} does not go on`)
    const [init, segment] = await Promise.all([
      readFile(join(folder, 'init-0.mp4')),
      readFile(join(folder, `${seam.segment}.m4s`)),
    ])
    if (!(await isSeamless(seam, before, { init, segment, frameRate }))) {
      throw new SeamError(`${rendition.name} does not go on where it stopped`)
    }
    for (const [at, seconds] of listed.slice(seam.segment).entries()) {
      const again = durations[at]
      if (again !== undefined && Math.abs(again - seconds) > SAME_SEGMENT_SECONDS) {
        throw new SeamError(`${rendition.name} is cut at other moments than before`)
      }
    }
  }

  async #takeStills(): Promise<void> {
    const size = this.#tileSize()
    if (!size || !this.#hasEarlierStills) return
    const directory = join(this.#options.directory, STILLS)
    const names = new Set(await readdir(directory))
    const moments = [...names].filter((name) => name.endsWith('.yuv')).map((name) => Number.parseInt(name, 10))
    for (const ms of moments.sort((a, b) => a - b)) {
      if (!names.has(`${ms}.jpg`)) continue
      const [raw, jpeg] = [join(directory, `${ms}.yuv`), join(directory, `${ms}.jpg`)]
      const tile = await readFile(raw)
      await this.#sheets.add({ atSeconds: ms / 1000, tile, ...size, jpeg })
      await rm(raw)
    }
  }

  /** Those of before the seam, beside ffmpeg: out of the segments, whose first pictures are at hand. */
  async #takeEarlierStills(): Promise<void> {
    const { signal, store, prefix, facts, directory } = this.#options
    const [last, size] = [this.#tracks.at(-1), this.#tileSize()]
    const before = last && this.#seam?.renditions.get(last.rendition.name)
    let [atSeconds, nextAt] = [0, 0]
    for (const [n, { durationSeconds }] of (before?.segments ?? []).entries()) {
      if (before && size && atSeconds >= nextAt) {
        signal.throwIfAborted()
        const key = `${prefix}/${last.rendition.name}/${n}.m4s`
        const segment = await this.#patience.of(async () => buffer((await store.get(key)).body))
        const jpeg = join(directory, `earlier-${n}.jpg`)
        // A video without one of its pictures is better than none.
        const tile = await decodeStill([before.init.bytes, segment], { ...size, jpeg }).catch(() => null)
        if (tile) await this.#sheets.add({ atSeconds, tile, ...size, jpeg })
        nextAt = atSeconds + stillsEvery(facts.durationSeconds)
      }
      atSeconds += durationSeconds
    }
    this.#hasEarlierStills = true
  }

  #tileSize(): { width: number; height: number } | null {
    const { width, height } = this.#tracks.at(-1)?.rendition ?? {}
    return width && height ? tileSizeOf({ width, height }) : null
  }

  async #publishInit(rendition: string): Promise<InitSegment> {
    const bytes = await readFile(join(this.#options.directory, rendition, 'init-0.mp4'))
    for await (const piece of readFragments(once(bytes))) {
      if (!('kind' in piece) || piece.kind !== 'init') continue
      await this.#put(`${rendition}/init-0.mp4`, bytes)
      return piece
    }
    throw new Error('ffmpeg wrote no configuration: is the disk full?')
  }

  /** Segments that are in the store or on the disk; ffmpeg's playlist is not there before its first. */
  async #madeOf({ rendition, listed }: Published): Promise<number[]> {
    const file = join(this.#options.directory, rendition.name, 'index.m3u8')
    const own = durationsOf(await readFile(file, 'utf8').catch(() => ''))
    return [...listed.slice(0, this.#seam?.segment ?? 0), ...own]
  }

  #multivariant(): string {
    return multivariantPlaylist(
      this.#tracks.map(({ rendition, init, segments }): Variant => {
        const seconds = segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0)
        const average = (8 * segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)) / Math.max(seconds, 1e-3)
        const peak = segments
          .filter(({ durationSeconds }) => durationSeconds >= SEGMENT_SECONDS / 2)
          .reduce((most, each) => Math.max(most, (8 * each.sizeBytes) / each.durationSeconds), average)
        return {
          uri: `${rendition.name}/index.m3u8`,
          bandwidthBps: peak,
          averageBandwidthBps: average,
          codecs: init?.codecs ?? '',
          width: init?.width ?? null,
          height: init?.height ?? null,
          frameRate: rendition.frameRate,
        }
      }),
    )
  }

  #facts({ hasPictures }: { hasPictures: boolean }): TranscodedVideo {
    const [top] = this.#tracks
    const all = this.#tracks.flatMap(({ segments }) => segments)
    return {
      durationSeconds: top?.segments.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) ?? 0,
      width: top?.init?.width ?? null,
      height: top?.init?.height ?? null,
      renditions: this.#tracks.map(({ rendition }) => rendition.name),
      sizeBytes: all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      hasThumbnail: hasPictures,
      hasStoryboard: hasPictures,
    }
  }

  async #put(path: string, body: string | ObjectBody): Promise<void> {
    const { store, prefix } = this.#options
    const bytes = typeof body === 'string' ? Buffer.from(body) : body
    await this.#patience.of(() => store.put(`${prefix}/${path}`, bytes))
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
