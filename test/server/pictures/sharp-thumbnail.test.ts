import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sizeThumbnail } from '../../../server/pictures/size-thumbnail.job.ts'
import { closeLostRecording } from '../../../server/vod/close-lost-recording.ts'
import { Recording } from '../../../server/vod/recording.ts'
import { aLiveShow, aPublisher, aRecording } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
/** By path: what the store has of a recording that is red, then blue; its JPEG is green. */
const film = new Map<string, Buffer>()
beforeAll(async () => {
  server = await startServer()
  const directory = mkdtempSync(join(tmpdir(), 'ustat-still-'))
  const half = (colour: string) => ['-f', 'lavfi', '-i', `color=${colour}:size=1280x720:rate=10:duration=4`]
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '20']
  const hls = ['-f', 'hls', '-hls_time', '2', '-hls_list_size', '0', '-hls_segment_type', 'fmp4']
  const names = ['-hls_fmp4_init_filename', 'init-0.mp4', '-hls_segment_filename', '%d.m4s', 'index.m3u8']
  const inputs = ['-v', 'error', ...half('red'), ...half('blue'), '-filter_complex', 'concat']
  execFileSync('ffmpeg', [...inputs, ...encode, ...hls, ...names], { cwd: directory })
  for (const name of readdirSync(directory)) film.set(`720p/${name}`, readFileSync(join(directory, name)))
  rmSync(directory, { recursive: true })
  // By its storyboard the second half has more in it.
  const grey = { width: 160, height: 90, channels: 3 as const, background: '#888' }
  const noise = sharp({ create: { ...grey, noise: { type: 'gaussian', mean: 128, sigma: 60 } } })
  const sheet = sharp({ create: { ...grey, width: 320 } })
    .composite([{ input: await noise.png().toBuffer(), left: 160, top: 0 }])
    .jpeg()
  film.set('storyboard-0.jpg', await sheet.toBuffer())
  const cue = (time: string, x: number) => `${time}\nstoryboard-0.jpg#xywh=${x},0,160,90`
  const cues = [cue('00:00:00.000 --> 00:00:05.000', 0), cue('00:00:05.000 --> 00:00:08.000', 160)]
  film.set('storyboard.vtt', Buffer.from(`WEBVTT\n\n${cues.join('\n\n')}\n`))
  const green = sharp({ create: { ...grey, width: 426, height: 240, background: '#0f0' } })
  film.set('thumbnail.jpg', await green.jpeg().toBuffer())
})
afterAll(() => server[Symbol.asyncDispose]())

const em = () => server.context.orm.em.fork()
const size = (id: string, stop = new AbortController().signal) =>
  sizeThumbnail(server.context, { kind: 'recording', id }, stop)
const widthsOf = async (id: string) => (await em().findOneOrFail(Recording, { id })).thumbnailWidths

async function putFilm(id: string): Promise<void> {
  for (const [path, bytes] of film) await server.context.store.put(`recordings/${id}/${path}`, bytes)
}

async function filmed(): Promise<string> {
  const { recording: id } = await aRecording(server, (await aPublisher(server)).streamKey)
  await putFilm(id)
  return id
}

async function colourOf(id: string, file: string): Promise<string | undefined> {
  const { body } = await server.context.store.get(`recordings/${id}/${file}`)
  const { channels } = await sharp(Buffer.concat(await Array.fromAsync(body))).stats()
  const means = channels.map(({ mean }) => mean)
  return ['red', 'green', 'blue'][means.indexOf(Math.max(...means))]
}

it('a thumbnail’s sizes are the best moment of a larger rendition, as sharp as that is', async () => {
  const id = await filmed()
  await size(id)
  expect(await widthsOf(id)).toEqual([320, 640, 1280])
  for (const file of ['thumbnail-1280.avif', 'thumbnail-320.webp']) expect(await colourOf(id, file)).toBe('blue')
  expect(await colourOf(id, 'thumbnail.jpg')).toBe('green')
  expect(readdirSync(join(server.config.dataDir, 'thumbnails'))).toEqual([])
})

it.each([
  ['storyboard.vtt', null],
  ['storyboard.vtt', Buffer.from('WEBVTT\n')],
  ['storyboard-0.jpg', Buffer.from('no picture')],
  ['720p/index.m3u8', null],
  ['720p/init-0.mp4', Buffer.alloc(800)],
  ['720p/2.m4s', Buffer.alloc(10)],
])('they are made of the JPEG where %s is missing or spoiled', async (path, spoiled) => {
  const id = await filmed()
  const [{ store }, key] = [server.context, `recordings/${id}/${path}`]
  await (spoiled ? store.put(key, spoiled) : store.delete([key]))
  await size(id)
  expect(await widthsOf(id)).toEqual([320, 426])
  expect(await colourOf(id, 'thumbnail-426.webp')).toBe('green')
})

it('they are another worker’s to make when this one stops', async () => {
  const id = await filmed()
  await expect(size(id, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped')
  expect(await widthsOf(id)).toEqual([])
})

it('a recording that was closed with what the store has of it gets them, too', async () => {
  const show = await aLiveShow(server, (await aPublisher(server)).streamKey)
  await putFilm(show.recording)
  const over = { event_id: `${show.broadcast}:ended`, node: 'm1', ended_at: new Date().toISOString(), cause: null }
  await server.internal(`/broadcasts/${show.broadcast}/ended`, over).expect(204)
  await closeLostRecording(em(), server.context, show.recording)
  const jobs = await em().execute<object[]>(
    `select data from pgboss.job where name = 'size-thumbnail' and data->>'id' = ?`,
    [show.recording],
  )
  expect(jobs).toEqual([{ data: { kind: 'recording', id: show.recording } }])
})
