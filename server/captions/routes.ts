import type { Context as KoaContext } from 'koa'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { type RequestState, requireViewer } from '../http/request.ts'
import { answerIfChanged } from '../http/viewer.ts'
import { managedVideo, watchableVideo } from '../videos/find-video.ts'
import { managedRecording, watchableRecording } from '../vod/find-recording.ts'
import { Caption } from './caption.ts'
import {
  type CaptionPageJson,
  captionJson,
  captionParams,
  captionQuery,
  chaptersBody,
  chaptersJson,
  filmParams,
  presentCaption,
} from './contract.ts'
import { etagOf } from './etag.ts'
import { captionsOf, type Film } from './film.ts'
import { putCaptions } from './put-captions.ts'
import { findChapters, putChapters } from './put-chapters.ts'
import { readCaptions } from './read-captions.ts'
import { captionTypes, receiveCaptions } from './receive-captions.ts'

type State = Pick<RequestState, 'em' | 'viewer'>
type Ctx = KoaContext & { state: RequestState }

/** Whom a recording or a video is shown, and who may change it. */
interface Finder {
  prefix: string
  tag: string
  watchable(state: State, id: string): Promise<Film>
  managed(state: State, id: string): Promise<Film>
}

const finders: readonly Finder[] = [
  {
    prefix: '/api/recordings',
    tag: 'Recordings',
    async watchable({ em, viewer }, id) {
      return { kind: 'recording', id: (await watchableRecording(em, viewer, id)).id }
    },
    async managed(state, id) {
      return { kind: 'recording', id: (await managedRecording(state.em, requireViewer(state), id)).id }
    },
  },
  {
    prefix: '/api/videos',
    tag: 'Videos',
    async watchable({ em, viewer }, id) {
      return { kind: 'video', id: (await watchableVideo(em, viewer, id)).id }
    },
    async managed(state, id) {
      return { kind: 'video', id: (await managedVideo(state.em, requireViewer(state), id)).id }
    },
  },
]

/** Captions and chapters: read by whoever may watch, changed by whoever manages the recording or the video. */
export function captionRoutes({ config }: Context): Api[] {
  return finders.map((finder) => {
    const api = new Api(finder.prefix, finder.tag)
    captions(api, finder, config.publicUrl)
    chapters(api, finder)
    return api
  })
}

function captions(api: Api, { watchable, managed }: Finder, publicUrl: string): void {
  api.get(
    '/:id/captions',
    {
      summary: 'The languages that it has captions in.',
      access: 'anyone',
      params: filmParams,
      answers: { 200: pageOf(captionJson) },
    },
    async (ctx, { params }) => {
      const of = captionsOf(await watchable(ctx.state, params.id))
      const page = await paginate(
        ctx,
        publicUrl,
        (limit, offset) =>
          ctx.state.em.findAndCount(Caption, of, { orderBy: { label: 'asc', id: 'asc' }, limit, offset }),
        (rows) => rows.map(presentCaption),
      )
      answerIfChanged(ctx, page satisfies CaptionPageJson)
    },
  )

  api.get(
    '/:id/captions/:language',
    {
      summary: 'Its captions in a language, as WebVTT.',
      access: 'anyone',
      params: captionParams,
      answers: { 200: { mime: 'text/vtt' } },
    },
    async (ctx, { params: { id, language } }) => {
      const of = captionsOf(await watchable(ctx.state, id))
      const caption = await ctx.state.em.findOne(Caption, { ...of, language }, { populate: ['content'] })
      if (!caption) throw new DomainError('captions_not_found')
      sendVtt(ctx, caption.content)
    },
  )

  api.put(
    '/:id/captions/:language',
    {
      summary: 'Put captions in a language: a WebVTT or SubRip file, in UTF-8, at most 1 MB.',
      description:
        'What is in the file says which of both it is. Times are sorted, tags that WebVTT does not have are left out; the first line that cannot be read is named by `line`.',
      access: 'signed-in',
      params: captionParams,
      query: captionQuery,
      upload: captionTypes,
      answers: { 200: captionJson, 201: captionJson },
    },
    async (ctx, { params: { id, language }, query: { label } }) => {
      const film = await managed(ctx.state, id)
      const cues = readCaptions(await receiveCaptions(ctx.req))
      const { caption, isNew } = await putCaptions(ctx.state.em, film, { language, label, cues })
      ctx.status = isNew ? 201 : 200
      ctx.body = presentCaption(caption)
    },
  )

  api.delete(
    '/:id/captions/:language',
    {
      summary: 'Delete its captions in a language.',
      access: 'signed-in',
      params: captionParams,
      answers: { 204: null },
    },
    async (ctx, { params: { id, language } }) => {
      const of = captionsOf(await managed(ctx.state, id))
      if ((await ctx.state.em.nativeDelete(Caption, { ...of, language })) === 0) {
        throw new DomainError('captions_not_found')
      }
      ctx.status = 204
    },
  )
}

function chapters(api: Api, { watchable, managed }: Finder): void {
  api.get(
    '/:id/chapters',
    { summary: 'Its chapters, in order.', access: 'anyone', params: filmParams, answers: { 200: chaptersJson } },
    async (ctx, { params }) =>
      answerIfChanged(ctx, await findChapters(ctx.state.em, await watchable(ctx.state, params.id))),
  )

  api.put(
    '/:id/chapters',
    {
      summary: 'Put all its chapters: they are sorted, and the first begins at 0.',
      access: 'signed-in',
      params: filmParams,
      body: chaptersBody,
      answers: { 200: chaptersJson },
    },
    async (ctx, { params, body }) => {
      ctx.body = await putChapters(ctx.state.em, await managed(ctx.state, params.id), body)
    },
  )

  api.delete(
    '/:id/chapters',
    { summary: 'Delete its chapters.', access: 'signed-in', params: filmParams, answers: { 204: null } },
    async (ctx, { params }) => {
      await putChapters(ctx.state.em, await managed(ctx.state, params.id), [])
      ctx.status = 204
    },
  )
}

function sendVtt(ctx: Ctx, content: string): void {
  ctx.set('Cache-Control', 'private, no-cache')
  ctx.vary('Cookie')
  ctx.vary('Authorization')
  ctx.status = 200
  ctx.type = 'text/vtt'
  ctx.etag = etagOf(content)
  if (ctx.fresh) ctx.status = 304
  else ctx.body = content
}
