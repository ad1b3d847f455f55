import { randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { tileSizeOf } from '../archive/sheet.ts'
import { Sheets } from '../archive/sheets.ts'
import { ProgressMeter } from '../ladder/progress.ts'
import { readFragments } from '../packager/fmp4.ts'
import { multivariantPlaylist, type Variant } from '../packager/multivariant-playlist.ts'
import type { InitSegment } from '../packager/packaged.ts'
import type { ObjectBody, ObjectStore } from '../storage/object-store.ts'
import { Patience } from '../storage/patience.ts'
import { runLimited } from './limited-process.ts'
import type { FileFacts } from './probe-file.ts'
import { chooseVideoLadder, SEGMENT_SECONDS, STILLS, transcodeArguments, type VideoRendition } from './video-ladder.ts'
import { isWholeSegment } from './whole-segment.ts'

/** What is made meanwhile waits on the disk. */
const PATIENCE_MS = 30_000

export interface TranscodeOptions {
  /** On this machine. */
  file: string
  facts: FileFacts
  /** For what is under way; made and removed here. */
  directory: string
  store: ObjectStore
  /** `videos/<id>`, without a slash behind it. */
  prefix: string
  signal: AbortSignal
  /** How long a store may be away or busy before the attempt is given up; half a minute when nothing is said. */
  patienceMs?: number
  /** Percent, 0–99; not more than twice a second. */
  onProgress(percent: number): void
  /** All renditions can be played from their beginning, and grow from now on. */
  onPlayable(video: TranscodedVideo): Promise<void>
}

/** What there is to play. */
export interface TranscodedVideo {
  durationSeconds: number
  width: number | null
  height: number | null
  /** Names, highest first. */
  renditions: string[]
  sizeBytes: number
  hasThumbnail: boolean
  hasStoryboard: boolean
}

export class TranscodeError extends Error {
  override readonly name = 'TranscodeError'
}

/** One rendition's segments as far as they are in the store. */
interface Published {
  rendition: VideoRendition
  init: InitSegment | null
  segments: { durationSeconds: number; sizeBytes: number }[]
}

/**
 * Makes a file what a player opens, in the store below its prefix:
 *
 *   file ──ffmpeg──▶ directory/<rendition>/<n>.m4s ──as each is complete──▶ store, then the playlists that list it
 *             └────▶ directory/stills/<ms>.{jpg,yuv} ──▶ thumbnail and storyboard ──at the end──▶ store
 *
 * It can be watched from its first seconds on while the rest is being made. Run again after a failure it writes the same keys.
 *
 * @throws {TranscodeError} when ffmpeg cannot make anything of the file; {ObjectStoreError} when the store is away; others
 *   of a disk that is full or an ffmpeg that was killed, which may be tried again
 */
export async function transcodeVideo(options: TranscodeOptions): Promise<TranscodedVideo> {
  const { file, facts, signal } = options
  const ladder = chooseVideoLadder(facts)
  await rm(options.directory, { recursive: true, force: true })
  // Where there is no way to have it killed, the ffmpeg of a worker that was is still writing: not to where this one does.
  const directory = join(options.directory, randomUUID())
  for (const name of [STILLS, ...ladder.map(({ name }) => name)])
    await mkdir(join(directory, name), { recursive: true })
  try {
    const publishing = new Publishing({ ...options, directory }, ladder)
    const meter = new ProgressMeter()
    const failure = new AbortController()
    const { stdout, finished } = runLimited(
      'ffmpeg',
      transcodeArguments(file, directory, facts, ladder),
      AbortSignal.any([signal, failure.signal]),
    )
    let turn: Promise<void> | null = null
    stdout.on('data', (chunk: Buffer) => {
      meter.take(chunk, performance.now())
      if (facts.durationSeconds) {
        const percent = Math.floor(meter.at(performance.now()).outTimeMs / 10 / facts.durationSeconds)
        options.onProgress(Math.max(0, Math.min(99, percent)))
      }
      turn ??= publishing
        .publish()
        // The store is away: there is no use in going on.
        .catch((error: unknown) => failure.abort(error))
        .finally(() => {
          turn = null
        })
    })
    const { code, complaint } = await finished
    await turn
    signal.throwIfAborted()
    failure.signal.throwIfAborted()
    if (code === null) throw new Error(`ffmpeg was killed: ${complaint.trim()}`)
    if (code !== 0 && !publishing.isPlayable) {
      throw new TranscodeError(complaint.trim().split('\n').at(-1) ?? 'ffmpeg failed')
    }
    // A file that is cut off is kept as far as it goes.
    return await publishing.finish()
  } finally {
    await rm(options.directory, { recursive: true, force: true })
  }
}

class Publishing {
  readonly #options: TranscodeOptions
  readonly #tracks: Published[]
  readonly #sheets: Sheets
  readonly #patience: Patience
  #isTold = false

  constructor(options: TranscodeOptions, ladder: readonly VideoRendition[]) {
    const { directory, signal, patienceMs: limitMs = PATIENCE_MS } = options
    this.#options = options
    this.#patience = new Patience({ limitMs, signal })
    this.#tracks = ladder.map((rendition) => ({ rendition, init: null, segments: [] }))
    this.#sheets = new Sheets({ directory, earlier: [], isSeen: false })
  }

  /** Each rendition has a segment in the store. */
  get isPlayable(): boolean {
    return this.#tracks.every(({ segments }) => segments.length > 0)
  }

  /** What ffmpeg has finished since the last time. */
  async publish(): Promise<void> {
    let isMore = false
    for (const track of this.#tracks) isMore = (await this.#publishTrack(track)) || isMore
    await this.#takeStills()
    if (!isMore || !this.isPlayable) return
    await this.#put('index.m3u8', this.#multivariant())
    if (this.#isTold) return
    this.#isTold = true
    await this.#options.onPlayable(this.#facts({ hasPictures: false }))
  }

  /** @throws {TranscodeError} when there is nothing */
  async finish(): Promise<TranscodedVideo> {
    await this.publish()
    if (!this.isPlayable) throw new TranscodeError('no picture and no sound came out of it')
    await Promise.all([this.#finishPlaylists(), this.#sheets.finish()])
    const facts = this.#facts({ hasPictures: true })
    const cues = this.#sheets.webvtt(facts.durationSeconds)
    for (const name of this.#sheets.files()) {
      if (name === 'storyboard.vtt') await this.#put(name, cues ?? '')
      else await this.#put(name, { file: join(this.#options.directory, name) })
    }
    return cues === null ? this.#facts({ hasPictures: false }) : facts
  }

  async #finishPlaylists(): Promise<void> {
    for (const { rendition } of this.#tracks) {
      const text = await this.#playlist(rendition)
      const whole = text.includes('#EXT-X-ENDLIST') ? text : `${text}#EXT-X-ENDLIST\n`
      await this.#put(`${rendition.name}/index.m3u8`, whole.replace('PLAYLIST-TYPE:EVENT', 'PLAYLIST-TYPE:VOD'))
    }
    await this.#put('index.m3u8', this.#multivariant())
  }

  async #publishTrack(track: Published): Promise<boolean> {
    const { rendition, segments } = track
    const text = await this.#playlist(rendition)
    const durations = [...text.matchAll(/^#EXTINF:([\d.]+)/gm)].map(([, seconds]) => Number(seconds))
    if (durations.length === segments.length) return false
    const directory = join(this.#options.directory, rendition.name)
    track.init ??= await this.#publishInit(rendition.name)
    for (const durationSeconds of durations.slice(segments.length)) {
      const name = `${segments.length}.m4s`
      const file = join(directory, name)
      if (!(await isWholeSegment(file))) throw new Error(`${rendition.name}/${name} is cut off: is the disk full?`)
      const { size } = await stat(file)
      await this.#put(`${rendition.name}/${name}`, { file })
      await rm(file)
      segments.push({ durationSeconds, sizeBytes: size })
    }
    await this.#put(`${rendition.name}/index.m3u8`, text)
    return true
  }

  async #takeStills(): Promise<void> {
    const { width, height } = this.#tracks.at(-1)?.rendition ?? {}
    if (!width || !height) return
    const directory = join(this.#options.directory, STILLS)
    const names = new Set(await readdir(directory))
    const moments = [...names].filter((name) => name.endsWith('.yuv')).map((name) => Number.parseInt(name, 10))
    for (const ms of moments.sort((a, b) => a - b)) {
      if (!names.has(`${ms}.jpg`)) continue
      const [raw, jpeg] = [join(directory, `${ms}.yuv`), join(directory, `${ms}.jpg`)]
      const tile = await readFile(raw)
      await this.#sheets.add({ atSeconds: ms / 1000, tile, ...tileSizeOf({ width, height }), jpeg })
      await rm(raw)
    }
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

  /** Empty before its first segment. */
  async #playlist({ name }: VideoRendition): Promise<string> {
    return readFile(join(this.#options.directory, name, 'index.m3u8'), 'utf8').catch(() => '')
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
