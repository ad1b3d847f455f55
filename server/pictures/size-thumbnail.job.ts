import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { extractStill } from '../../media/files/extract-still.ts'
import { ObjectStoreError } from '../../media/storage/object-store.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { bestMoment } from './best-moment.ts'
import { renderPicture } from './render-picture.ts'
import { THUMBNAIL, thumbnailFile } from './thumbnail-file.ts'

/** What has a thumbnail, and where its files are in the store. */
const folders = { recording: 'recordings', video: 'videos' } as const

/** As many lines as the widest has. */
const LINES = 720

export interface ThumbnailOf {
  kind: keyof typeof folders
  id: string
}

/**
 * Puts the thumbnail of a recording or a video beside itself in smaller sizes and formats, once all of it is in the store.
 * Its row names the widths when their files are there, so nobody is sent for one that is not. Run again it writes the same.
 *
 * The JPEG comes from the smallest rendition, for it was made while others watched; these are the best moment of a larger
 * one, and of the JPEG where that cannot be had.
 *
 * A JPEG that is not there or cannot be read stays what it is, and nothing else goes wrong. Deleted meanwhile, the recording
 * leaves nothing behind.
 *
 * @param stop the worker stops: the job is another's then
 * @throws {ObjectStoreError} `unavailable`, `full`; {DomainError} `too_many_requests` while many others wait
 */
export async function sizeThumbnail(
  { orm, store, log, config }: Pick<Context, 'orm' | 'store' | 'log' | 'config'>,
  { kind, id }: ThumbnailOf,
  stop: AbortSignal,
): Promise<void> {
  const em = orm.em.fork()
  const folder = `${folders[kind]}/${id}`
  const [row] = await em.execute<{ is_due: boolean; renditions: string[] }[]>(
    `select status = 'ready' and has_thumbnail as is_due, renditions from ${kind} where id = ?`,
    [id],
  )
  if (row && !row.is_due) return
  // An earlier attempt may have put some of them before the row went.
  if (!row) return dropSizes()
  const files = await render(row.renditions)
  for (const { width, format, bytes } of files) await store.put(`${folder}/${thumbnailFile(width, format)}`, bytes)
  const widths = [...new Set(files.map(({ width }) => width))]
  const kept = await em.execute<unknown[]>(
    `update ${kind} set thumbnail_widths = ? where id = ? and status = 'ready' returning id`,
    [JSON.stringify(widths), id],
  )
  // Whoever deletes it from now on waits for this row, and its files are listed after that.
  if (kept.length === 0) await dropSizes()

  async function render(renditions: readonly string[]) {
    try {
      const jpeg = await buffer((await store.get(`${folder}/${THUMBNAIL}`)).body)
      const larger = renditions.length > 1 ? await fromLarger(renditions) : null
      return (await renderPicture(larger ?? jpeg, 'thumbnails')).files
    } catch (error) {
      const isMissing = error instanceof ObjectStoreError && error.code === 'not_found'
      const isBroken = error instanceof DomainError && error.code === 'image_unreadable'
      if (!isMissing && !isBroken) throw error
      log.warn({ error, [kind]: id }, 'a thumbnail is there in one size alone')
      return []
    }
  }

  async function fromLarger(renditions: readonly string[]): Promise<Buffer | null> {
    const rendition = renditions.findLast((name) => Number.parseInt(name, 10) >= LINES) ?? renditions[0] ?? ''
    const directory = join(config.dataDir, 'thumbnails')
    const file = join(directory, `${id}.mp4`)
    try {
      const atSeconds = await bestMoment(store, folder)
      if (atSeconds === null) return null
      await mkdir(directory, { recursive: true })
      const open = async (path: string) => (await store.get(`${folder}/${path}`)).body
      return await extractStill(open, { rendition, atSeconds, file, signal: stop })
    } catch (error) {
      stop.throwIfAborted()
      if (error instanceof ObjectStoreError && error.code !== 'not_found') throw error
      log.info({ error, [kind]: id }, 'a thumbnail is only as large as its JPEG')
      return null
    } finally {
      await rm(file, { force: true })
    }
  }

  async function dropSizes(): Promise<void> {
    const keys: string[] = []
    for await (const { key } of store.list(`${folder}/thumbnail-`)) keys.push(key)
    if (keys.length > 0) await store.delete(keys)
  }
}
