import { existsSync } from 'node:fs'
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ExportError, exportClip } from '../../media/files/export-clip.ts'
import { ClipError, gatherClip } from '../../media/files/gather-clip.ts'
import { ProbeFileError } from '../../media/files/probe-file.ts'
import { tellPerson } from '../chat/control.ts'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Export } from './export.ts'
import { openSource } from './open-source.ts'

const TOLD_EVERY_MS = 1000

/** Where a visitor's own file lies until it is converted. */
export function conversionPath(dataDir: string, id: string): string {
  return join(dataDir, 'exports', `${id}.upload`)
}

/**
 * Makes the file of an export and puts it into the store. Run again after a crash it begins anew. One that is cancelled meanwhile
 * is given up within a second.
 *
 * @throws what may pass by itself: a store or a database that is away
 */
export async function makeExport(context: Context, id: string, signal: AbortSignal): Promise<void> {
  const { config, store, orm, log } = context
  const em = orm.em.fork()
  const made = await em.findOne(Export, { id })
  if (!made || (made.status !== 'queued' && made.status !== 'processing')) {
    await rm(conversionPath(config.dataDir, id), { force: true })
    return
  }
  const folder = join(config.dataDir, 'exports', id)
  await mkdir(folder, { recursive: true })
  const cancelled = new AbortController()
  const stop = AbortSignal.any([signal, cancelled.signal])
  const told = { at: 0 }
  const tell = async (percent: number) => {
    if (performance.now() - told.at < TOLD_EVERY_MS) return
    told.at = performance.now()
    const changed = await orm.em.fork().nativeUpdate(Export, { id, status: 'processing' }, { progress: percent })
    if (changed === 0) cancelled.abort()
    await tellOwner(context, made, percent)
  }
  try {
    const taken = await em.nativeUpdate(
      Export,
      { id, status: { $in: ['queued', 'processing'] } },
      { status: 'processing' },
    )
    if (taken === 0) return
    const output = join(folder, `clip.${made.format}`)
    await exportClip({
      ...(await inputOf(context, made, folder, stop)),
      output,
      format: made.format,
      width: made.width ?? null,
      fps: made.fps ?? null,
      signal: stop,
      onProgress: (percent) =>
        void tell(percent).catch((error: unknown) => log.warn({ error }, 'no progress was told')),
    })
    const { size } = await stat(output)
    await store.put(made.objectKey(), { file: output })
    const isReady = await em.nativeUpdate(
      Export,
      { id, status: 'processing' },
      { status: 'ready', progress: 100, sizeBytes: size },
    )
    if (isReady === 0) await store.delete([made.objectKey()])
  } catch (error) {
    const failure = failureOf(error)
    if (!cancelled.signal.aborted) {
      if (!failure) throw error
      log.info({ error, export: id }, 'an export could not be made')
      await em.nativeUpdate(Export, { id, status: 'processing' }, { status: 'failed', failure })
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  await rm(conversionPath(config.dataDir, id), { force: true })
  await tellOwner(context, made)
}

/** The visitor's file itself; of anything else the segments that the piece lies in. */
async function inputOf(
  context: Context,
  made: Export,
  folder: string,
  signal: AbortSignal,
): Promise<{ input: string; startSeconds: number; durationSeconds: number }> {
  const [startSeconds, durationSeconds] = [Number(made.startSeconds), Number(made.durationSeconds)]
  if (made.source === 'upload') {
    const input = conversionPath(context.config.dataDir, made.id)
    // Of another machine, or purged: it will not come back.
    if (!existsSync(input)) throw new DomainError('file_missing')
    return { input, startSeconds, durationSeconds }
  }
  const { open, renditions } = await openSource(context, context.orm.em.fork(), made)
  const input = join(folder, 'source.mp4')
  const rendition = renditionFor(made, renditions)
  return { input, ...(await gatherClip(open, { rendition, startSeconds, durationSeconds, file: input, signal })) }
}

/** As small as will do: a GIF of 480 pixels needs no 1080 lines, and what is heard none at all. */
function renditionFor({ format, width }: Export, renditions: readonly string[]): string {
  const [top = ''] = renditions
  if (format === 'mp3') return renditions.at(-1) ?? top
  if (format === 'mp4' && !width) return top
  const lines = ((width ?? 480) * 9) / 16
  return renditions.findLast((name) => Number.parseInt(name, 10) >= lines) ?? top
}

function failureOf(error: unknown): string | null {
  if (error instanceof ExportError || error instanceof ProbeFileError || error instanceof DomainError) return error.code
  return error instanceof ClipError ? 'export_out_of_range' : null
}

async function tellOwner({ orm, redis }: Context, { id, owner }: Export, percent?: number): Promise<void> {
  const now = await orm.em.fork().findOne(Export, { id })
  if (!owner || !now) return
  const frame = { t: 'job', id, status: now.status, progress: percent ?? now.progress } as const
  // The row says it all to who asks again.
  await tellPerson(redis, `u:${owner.id}`, frame).catch(() => {})
}
