import { randomUUID } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ProgressMeter } from '../ladder/progress.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { Patience } from '../storage/patience.ts'
import { runLimited } from './limited-process.ts'
import type { FileFacts } from './probe-file.ts'
import { chooseVideoLadder, STILLS, transcodeArguments, type VideoRendition } from './video-ladder.ts'
import { SeamError, VideoPublishing } from './video-publishing.ts'
import { findSeam, type Seam } from './video-seam.ts'

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

/**
 * Makes a file what a player opens, in the store below its prefix:
 *
 *   file ──ffmpeg──▶ directory/<rendition>/<n>.m4s ──as each is complete──▶ store, then the playlists that list it
 *             └────▶ directory/stills/<ms>.{jpg,yuv} ──▶ thumbnail and storyboard ──at the end──▶ store
 *
 * It can be watched from its first seconds on while the rest is being made. Run again after a failure it goes on behind the
 * last segment that every rendition has (see findSeam for the files of which it begins anew), to the frame: what is there
 * stays, and a player that waits at the end of it sees the playlists grow. What does not fit to the frame is thrown away before anything
 * of it is published, and the video is made from its beginning, under the same keys.
 *
 * @throws {TranscodeError} when ffmpeg cannot make anything of the file; {ObjectStoreError} when the store is away; others
 *   of a disk that is full or an ffmpeg that was killed, which may be tried again
 */
export async function transcodeVideo(options: TranscodeOptions): Promise<TranscodedVideo> {
  const ladder = chooseVideoLadder(options.facts)
  const { store, prefix, facts, patienceMs: limitMs = PATIENCE_MS, signal } = options
  const patience = new Patience({ limitMs, signal })
  const seam = await patience.of(() => findSeam(store, prefix, facts, ladder))
  try {
    return await makeVideo(options, ladder, seam, patience)
  } catch (error) {
    if (!(error instanceof SeamError)) throw error
    return await makeVideo(options, ladder, null, patience)
  }
}

async function makeVideo(
  options: TranscodeOptions,
  ladder: readonly VideoRendition[],
  seam: Seam | null,
  patience: Patience,
): Promise<TranscodedVideo> {
  const { file, facts, signal } = options
  await rm(options.directory, { recursive: true, force: true })
  // Where there is no way to have it killed, the ffmpeg of a worker that was is still writing: not to where this one does.
  const directory = join(options.directory, randomUUID())
  for (const name of [STILLS, ...ladder.map(({ name }) => name)])
    await mkdir(join(directory, name), { recursive: true })
  const failure = new AbortController()
  const either = AbortSignal.any([signal, failure.signal])
  try {
    const publishing = new VideoPublishing({ ...options, directory, signal: either }, ladder, seam, patience)
    const meter = new ProgressMeter()
    const { stdout, finished } = runLimited('ffmpeg', transcodeArguments(file, directory, facts, ladder, seam), either)
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
    if (code !== 0 && seam && !publishing.isMore) throw new SeamError(complaint.trim())
    if (code !== 0 && !publishing.isPlayable) {
      throw new TranscodeError(complaint.trim().split('\n').at(-1) ?? 'ffmpeg failed')
    }
    // A file that is cut off is kept as far as it goes.
    return await publishing.finish()
  } finally {
    failure.abort()
    await rm(options.directory, { recursive: true, force: true })
  }
}
