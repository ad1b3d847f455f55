import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { FileStore } from '@tus/file-store'
import { Metadata, Server } from '@tus/server'
import type { Middleware } from 'koa'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { type RequestState, requireViewer } from '../http/request.ts'
import { videoBody } from './contract.ts'
import { createVideo } from './create-video.ts'
import { finishUpload } from './finish-upload.ts'
import { Video } from './video.ts'

const PATH = '/api/uploads'
const route = /^\/api\/uploads(?:\/([0-9a-f]{24}))?\/?$/
/** An upload that nobody goes on with is kept so long. */
export const UPLOAD_LIFETIME_MS = 48 * 3600_000

/** Where an upload lies until it is whole, and until it was processed. */
export function uploadPath(dataDir: string, id: string): string {
  return join(uploadDirectory(dataDir), id)
}

export function uploadDirectory(dataDir: string): string {
  return join(dataDir, 'uploads')
}

/**
 * Resumable uploads of videos (tus 1.0.0): an upload has the id of its video, and is its owner's alone.
 *
 *   POST /api/videos/ ──▶ id ──▶ POST /api/uploads, Upload-Metadata: video <id> ──▶ PATCH … ──▶ processing
 *
 * A tus client that knows nothing of videos makes one by uploading: by the `filename` of its metadata.
 */
export function uploads(context: Context): Middleware<RequestState> {
  const { config, settings, queue, orm } = context
  const directory = uploadDirectory(config.dataDir)
  mkdirSync(directory, { recursive: true })
  const names = new WeakMap<object, string>()
  const tus = new Server({
    path: PATH,
    datastore: new FileStore({ directory, expirationPeriodInMilliseconds: UPLOAD_LIFETIME_MS }),
    relativeLocation: true,
    // What is whole is a video: it goes by DELETE /api/videos/<id>/.
    disableTerminationForFinishedUploads: true,
    namingFunction: ({ runtime }) => (runtime?.node && names.get(runtime.node.req)) ?? '',
    async onUploadFinish(_request, { id }) {
      await finishUpload(orm.em.fork(), queue, id)
      return {}
    },
  })

  return async (ctx, next) => {
    const match = route.exec(ctx.path)
    if (!match) return next()
    const [, id] = match
    if (ctx.method !== 'OPTIONS') {
      const viewer = requireViewer(ctx.state)
      if (id === undefined) {
        if (ctx.method !== 'POST') throw new DomainError('method_not_allowed')
        names.set(ctx.req, await videoFor(viewer.id))
      } else {
        const video = await ctx.state.em.findOne(Video, { id, owner: viewer.id })
        // Whole, gone, somebody else's: there is nothing to go on with.
        if (!video || (video.status !== 'uploading' && ctx.method !== 'HEAD')) throw new DomainError('video_not_found')
        if (ctx.method === 'DELETE') throw new DomainError('method_not_allowed')
      }
    }
    // The library knows its own path without a slash at the end.
    ctx.req.url = id === undefined ? PATH : `${PATH}/${id}`
    ctx.respond = false
    await tus.handle(ctx.req, ctx.res)

    async function videoFor(owner: number): Promise<string> {
      const size = Number(ctx.get('upload-length'))
      const metadata = Metadata.parse(ctx.get('upload-metadata'))
      if (!metadata.video) {
        const body = videoBody.safeParse({ file_name: metadata.filename ?? 'video', size })
        if (!body.success) throw new DomainError('invalid_input', { issues: body.error.issues })
        return (await createVideo(ctx.state.em, settings, owner, body.data)).id
      }
      const video = await ctx.state.em.findOne(Video, { id: metadata.video, owner, status: 'uploading' })
      if (!video) throw new DomainError('video_not_found')
      if (Number(video.sourceBytes) !== size) throw new DomainError('upload_size_differs')
      return video.id
    }
  }
}
