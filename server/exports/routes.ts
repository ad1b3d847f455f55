import { copyFile, mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Context as KoaContext } from 'koa'
import type { Context } from '../context.ts'
import { newId } from '../db/base.ts'
import { DomainError } from '../errors.ts'
import { clientAddress } from '../http/address.ts'
import { Api } from '../http/api.ts'
import { parse, type RequestState, requireViewer } from '../http/request.ts'
import { receiveForm } from '../library/receive-form.ts'
import { convertFields, exportBody, exportJson, exportParams, presentExport } from './contract.ts'
import { sendDownload } from './download.ts'
import { Export } from './export.ts'
import { conversionPath } from './make-export.job.ts'
import { requestConversion, requestExport } from './request-export.ts'
import { TEST_FILE_BYTES, testFile } from './test-file.ts'

const anyFile = { mime: 'application/octet-stream' }
const MAX_UPLOAD_BYTES = 200_000_000
/** So that a download that broke off can be gone on with. */
const AFTER_DOWNLOAD_MS = 10 * 60_000

type Ctx = KoaContext & { state: RequestState }

/** Pieces to take away, of what one manages and of one's own files. */
export function exportRoutes(context: Context): Api[] {
  const { queue, store, orm, limits, config, log } = context
  const api = new Api('/api/exports', 'Exports')

  api.post(
    '/',
    {
      summary: 'A piece of a video, a recording or a running show that one manages, as GIF, WebP, MP4 or MP3.',
      access: 'signed-in',
      body: exportBody,
      answers: { 202: exportJson },
    },
    async (ctx, { body }) => {
      ctx.status = 202
      ctx.body = presentExport(await requestExport(ctx.state.em, queue, requireViewer(ctx.state), body))
    },
  )

  api.get(
    '/:id',
    {
      summary: 'How far it is; of an account’s export for that account, of a visitor’s for whoever has its id.',
      access: 'anyone',
      params: exportParams,
      answers: { 200: exportJson },
    },
    async (ctx, { params }) => {
      ctx.set('Cache-Control', 'no-store')
      ctx.body = presentExport(await find(ctx, params.id))
    },
  )

  api.delete(
    '/:id',
    { summary: 'Cancel it, or delete what was made.', access: 'anyone', params: exportParams, answers: { 204: null } },
    async (ctx, { params }) => {
      const made = await find(ctx, params.id)
      // The file goes with the next purge.
      await ctx.state.em.nativeUpdate(Export, { id: made.id }, { status: 'cancelled', expiresAt: new Date() })
      ctx.status = 204
    },
  )

  api.get(
    '/:id/download',
    {
      summary: 'The file: streamed, in ranges too. It is deleted ten minutes after it was downloaded whole.',
      access: 'anyone',
      params: exportParams,
      answers: { 200: anyFile, 206: anyFile },
    },
    async (ctx, { params }) => {
      const made = await find(ctx, params.id)
      if (made.status !== 'ready') throw new DomainError('export_not_ready')
      await sendDownload(ctx, store, {
        ...{ key: made.objectKey(), fileName: made.fileName, format: made.format, sizeBytes: Number(made.sizeBytes) },
        onWhole: () =>
          void keepShorter(made).catch((error: unknown) => log.warn({ error }, 'an export is kept longer')),
      })
    },
  )

  const test = new Api('/api/download-test', 'Exports')
  test.get(
    '/',
    {
      summary: 'A known file, served as exports are: byte n is n modulo 251.',
      access: 'anyone',
      answers: { 200: anyFile, 206: anyFile },
    },
    (ctx) =>
      sendDownload(ctx, testFile, {
        ...{ key: 'download-test', fileName: 'download-test.mp4', format: 'mp4', sizeBytes: TEST_FILE_BYTES },
        onWhole: () => {},
      }),
  )

  const convert = new Api('/api/convert', 'Exports')
  convert.post(
    '/',
    {
      summary:
        'A piece of a file that is sent along (multipart: `file`, then `format`, `start`, `duration`, `width`, `fps`), up to 200 MB.',
      access: 'anyone',
      upload: ['multipart/form-data'],
      answers: { 202: exportJson },
    },
    async (ctx) => {
      await limits.take('convert', clientAddress(ctx.req))
      await using form = await receiveForm(ctx.req, { maxFiles: 1, maxFileBytes: MAX_UPLOAD_BYTES })
      const piece = parse(convertFields, form.fields)
      const [file] = form.files
      if (!file) throw new DomainError('file_missing')
      const id = newId()
      const place = conversionPath(config.dataDir, id)
      await mkdir(dirname(place), { recursive: true })
      await using untaken = new AsyncDisposableStack()
      untaken.defer(() => rm(place, { force: true }))
      // Of another file system it is copied.
      await rename(file.path, place).catch(() => copyFile(file.path, place))
      const owner = ctx.state.viewer?.id ?? null
      const made = await requestConversion(ctx.state.em, queue, { ...piece, id, fileName: file.fileName, owner })
      untaken.move()
      ctx.status = 202
      ctx.body = presentExport(made)
    },
  )

  /** Somebody else's counts as missing. */
  async function find({ state: { em, viewer } }: Ctx, id: string): Promise<Export> {
    const made = await em.findOne(Export, { id, expiresAt: { $gt: new Date() } })
    if (!made || (made.owner && made.owner.id !== viewer?.id)) throw new DomainError('export_not_found')
    return made
  }

  async function keepShorter({ id }: Export): Promise<void> {
    const expiresAt = new Date(Date.now() + AFTER_DOWNLOAD_MS)
    await orm.em.fork().nativeUpdate(Export, { id, expiresAt: { $gt: expiresAt } }, { expiresAt })
  }

  return [api, test, convert]
}
