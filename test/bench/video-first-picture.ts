import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Call, Platform } from '../support/platform.ts'
import { until } from './clock.ts'

/** Sent in a request of its own, from whose begin the time counts. */
const LAST_BYTES = 1024
/** Of the answers that are waited for; half of it is the error. */
const EVERY_MS = 25

/** A video that was uploaded, and what came of it when; all times from the last bytes of its upload on. */
export interface Uploaded {
  id: string
  /** The lowest rendition's first segment was in a player's hands. */
  playableSeconds: number
  /** Its playlist held all. */
  wholeSeconds: number
  readySeconds: number
}

interface VideoAnswer {
  id: string
  status: string
  failure: string
  upload_url: string
  playback_url: string | null
}

/** Uploads a file by tus, as a page does, and asks as a player does. */
export async function uploadAndWait(platform: Platform, file: string): Promise<Uploaded> {
  const call = await platform.signIn('teacher@ustat.local')
  const bytes = await readFile(file)
  const { id, upload_url } = await announce(call, basename(file), bytes.length)
  const before = bytes.length - LAST_BYTES
  await send(call, upload_url, 0, bytes.subarray(0, before))
  const startedAt = performance.now()
  const since = () => (performance.now() - startedAt) / 1000
  const sent = send(call, upload_url, before, bytes.subarray(before))
  const wait = { timeoutMs: 600_000, everyMs: EVERY_MS }
  const playbackPath = await until('a video to play', async () => (await look(call, id)).playback_url, wait)
  await sent
  const lowest = await lowestPlaylist(platform.url, playbackPath)
  const [first = ''] = segmentsOf(await text(lowest))
  await (await answer(new URL(first, lowest))).arrayBuffer()
  const playableSeconds = since()
  await until('the whole lowest rendition', async () => (await text(lowest)).includes('#EXT-X-ENDLIST'), wait)
  const wholeSeconds = since()
  await until('a video to be ready', async () => (await look(call, id)).status === 'ready', wait)
  return { id, playableSeconds, wholeSeconds, readySeconds: since() }
}

/** Segments that a playlist names, without their path. */
function segmentsOf(playlist: string): string[] {
  return playlist.split('\n').filter((line) => line.endsWith('.m4s'))
}

async function announce(call: Call, fileName: string, size: number): Promise<VideoAnswer> {
  const made = await call('/api/videos/', { method: 'POST', body: JSON.stringify({ file_name: fileName, size }) })
  const video = (await made.json()) as VideoAnswer
  const metadata = `video ${Buffer.from(video.id).toString('base64')}`
  const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(size), 'upload-metadata': metadata }
  const begun = await call('/api/uploads', { method: 'POST', headers })
  if (begun.status !== 201) throw new Error(`an upload is answered with ${begun.status} ${await begun.text()}`)
  return video
}

async function send(call: Call, path: string, offset: number, body: Uint8Array<ArrayBuffer>): Promise<void> {
  const type = 'application/offset+octet-stream'
  const headers = { 'tus-resumable': '1.0.0', 'upload-offset': String(offset), 'content-type': type }
  const { status } = await call(path, { method: 'PATCH', headers, body })
  if (status !== 204) throw new Error(`a piece of an upload is answered with ${status}`)
}

async function look(call: Call, id: string): Promise<VideoAnswer> {
  const video = (await (await call(`/api/videos/${id}/`)).json()) as VideoAnswer
  if (video.status === 'failed') throw new Error(`the video failed: ${video.failure}`)
  return video
}

async function lowestPlaylist(origin: string, playbackPath: string): Promise<URL> {
  const address = new URL(playbackPath, origin)
  const names = (await text(address)).split('\n').filter((line) => line.endsWith('.m3u8') && !line.startsWith('#'))
  return new URL(names.at(-1) ?? '', address)
}

async function text(address: URL): Promise<string> {
  return (await answer(address)).text()
}

async function answer(address: URL): Promise<Response> {
  const got = await fetch(address)
  if (!got.ok) throw new Error(`a file of a video is answered with ${got.status}`)
  return got
}
