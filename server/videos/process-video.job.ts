import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { LockMode } from '@mikro-orm/core'
import { ProbeFileError, probeFile } from '../../media/files/probe-file.ts'
import { type TranscodedVideo, TranscodeError, transcodeVideo } from '../../media/files/transcode-video.ts'
import { User } from '../accounts/user.ts'
import { tellPerson } from '../chat/control.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { deleteVideoFiles } from './delete-video-files.job.ts'
import { uploadPath } from './uploads.ts'
import { Video } from './video.ts'

/** Pages are told this often at most. */
const TOLD_EVERY_MS = 1000

/**
 * Makes an uploaded file a video: is it one, is it new, keep the original, make the renditions.
 * Run again after a crash it goes on with what is in the store, and writes the same keys.
 *
 * Deleted meanwhile it is not made to its end, and nothing of it is left.
 *
 * @param stop the worker stops: the job is another's then
 * @throws what may pass by itself: a store or a database that is away
 */
export async function processVideo(context: Context, id: string, stop: AbortSignal): Promise<void> {
  const { config, store, log } = context
  const em = context.orm.em.fork()
  const video = await em.findOne(Video, { id })
  if (!video || (video.status !== 'queued' && video.status !== 'processing')) return
  const file = uploadPath(config.dataDir, id)
  const progress = new Progress(context, video)
  const signal = AbortSignal.any([stop, progress.gone])
  try {
    const facts = await probeFile(file, signal)
    if (!(await isDuplicate(em, video, await sha256Of(file, signal)))) {
      const inVain = new AbortController()
      // Beside the renditions: a store that is far away keeps nobody waiting for the first picture.
      const keeping = keepOriginal(context, video, file, AbortSignal.any([signal, inVain.signal]))
      keeping.catch(() => {})
      const made = await transcodeVideo({
        file,
        facts,
        directory: join(config.dataDir, 'transcoding', id),
        store,
        prefix: `videos/${id}`,
        signal,
        onProgress: (percent) => progress.at(percent),
        async onPlayable(soFar) {
          Object.assign(video, factsOf(soFar))
          await em.flush()
          await progress.tell()
        },
      }).catch(async (error: unknown) => {
        // What is deleted now must not come back.
        inVain.abort()
        await keeping.catch(() => {})
        throw error
      })
      video.sourceKey = await keeping
      await em.transactional(async (tx) => {
        Object.assign(video, factsOf(made), { status: 'ready', progress: 100 })
        if (video.hasThumbnail) await context.queue.add('size-thumbnail', { kind: 'video', id }, { em: tx })
      })
    }
  } catch (error) {
    const failure = failureOf(error)
    if (!failure && (await isThere(context, id))) throw error
    log.info({ error, video: id }, 'a file was not made a video')
    Object.assign(video, { status: 'failed', failure: failure ?? '', renditions: [], sourceKey: null, storedBytes: 0 })
    // Nothing of it can be played, and its owner has the file.
    await deleteVideoFiles(context, id)
    await em.flush()
  }
  await progress.tell()
  // Deleted in its last second: what was stored since then is nobody's.
  if (!(await isThere(context, id))) await deleteVideoFiles(context, id)
  await rm(file, { force: true })
  await rm(`${file}.json`, { force: true })
}

/** @returns its key, or null when originals are not kept; where an earlier attempt has brought it already it is not sent again */
async function keepOriginal(
  { store, settings }: Context,
  video: Video,
  file: string,
  signal: AbortSignal,
): Promise<string | null> {
  if (!settings.get('video_keep_original')) return null
  const key = `videos/${video.id}/source.${extensionOf(video.fileName)}`
  const { size } = await stat(file)
  if ((await store.head(key))?.size !== size) await store.put(key, { file }, { signal })
  return key
}

async function isThere({ orm }: Context, id: string): Promise<boolean> {
  return (await orm.em.fork().count(Video, { id })) > 0
}

/**
 * Whether its owner has this very file already: then it shows that one. Of several that are looked at together one is the first.
 */
async function isDuplicate(em: EntityManager, video: Video, sha256: string): Promise<boolean> {
  return em.transactional(async (tx) => {
    const { owner } = video
    await tx.findOneOrFail(User, { id: owner.id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
    const earlier = { $ne: video.id }
    const same = await tx.findOne(Video, {
      ...{ owner, sha256, id: earlier, duplicateOf: null, status: ['processing', 'ready'] },
    })
    Object.assign(video, {
      sha256,
      ...(same ? { status: 'ready', duplicateOf: same.id, progress: 100 } : { status: 'processing' }),
    })
    return same !== null
  })
}

/** What is wrong with the file, for ever; null of what may pass. */
function failureOf(error: unknown): string | null {
  if (error instanceof ProbeFileError) return error.code
  if (error instanceof TranscodeError) return 'broken_media'
  return null
}

function factsOf({ sizeBytes, ...made }: TranscodedVideo): Partial<Video> {
  return { ...made, storedBytes: sizeBytes }
}

/** Of what people call their files nothing but a short extension gets into a key. */
function extensionOf(fileName: string): string {
  return /\.([a-z0-9]{1,5})$/i.exec(fileName)?.[1]?.toLowerCase() ?? 'bin'
}

async function sha256Of(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash, { signal })
  return hash.digest('hex')
}

/** To the row, for who looks again, and to the owner's open pages. */
class Progress {
  readonly #context: Context
  readonly #video: Video
  #toldAt = 0
  readonly #gone = new AbortController()

  constructor(context: Context, video: Video) {
    this.#context = context
    this.#video = video
  }

  /** Its video was deleted. */
  get gone(): AbortSignal {
    return this.#gone.signal
  }

  at(percent: number): void {
    if (percent <= this.#video.progress || performance.now() - this.#toldAt < TOLD_EVERY_MS) return
    this.#toldAt = performance.now()
    this.#video.progress = percent
    const { log, orm } = this.#context
    orm.em
      .fork()
      .nativeUpdate(Video, { id: this.#video.id }, { progress: percent })
      .then((rows) => (rows === 0 ? this.#gone.abort() : this.tell()))
      .catch((error: unknown) => log.warn({ error }, 'the progress of a video could not be told'))
  }

  async tell(): Promise<void> {
    const { id, status, progress, owner } = this.#video
    // Nobody may be listening, and Redis may be away: the row says it all.
    await tellPerson(this.#context.redis, `u:${owner.id}`, { t: 'job', id, status, progress }).catch(() => {})
  }
}
