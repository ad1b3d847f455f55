import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ChannelJson } from '../../server/channels/contract.ts'
import type { RecordingJson } from '../../server/vod/contract.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { type S3Server, startS3 } from '../support/s3.ts'
import { framesOf, openBrowser, positionOf, seek, type Visitor } from './browser.ts'
import { slug, untilLive, untilRecorded } from './channel.ts'
import { publish } from './publisher.ts'

/** The whole product on an S3 store that checks every signature; and where its stream key does not turn up meanwhile. */
let s3: S3Server
let platform: Platform
let visitor: Visitor

beforeAll(async () => {
  s3 = await startS3()
  ;[platform, visitor] = await Promise.all([startPlatform(s3.env), openBrowser()])
})

afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await platform?.[Symbol.asyncDispose]()
  await s3?.[Symbol.asyncDispose]()
})

/** Everything that was answered, for the search at the end. */
const answers: string[] = []
async function ask(call: (path: string) => Promise<Response>, path: string): Promise<string> {
  const text = await (await call(path)).text()
  answers.push(text)
  return text
}
const guest = (path: string) => fetch(`${platform.url}${path}`)

it('records to S3 and plays from it through presigned addresses', async () => {
  const publisher = await publish(await platform.publishUrl())
  const { recording } = await untilLive(platform)
  const { broadcast } = JSON.parse(await ask(guest, `/api/channels/${slug}/`)) as ChannelJson
  const live = broadcast?.playback_url ?? ''
  for (const [, media] of (await ask(guest, live)).matchAll(/^(\w+\/index\.m3u8)$/gm)) {
    await ask(guest, live.replace('index.m3u8', media ?? ''))
  }
  for (const process of ['api', 'media'] as const) answers.push((await platform.askInside(process, '/metrics')).body)
  const [teacher, student] = [
    await platform.signIn('teacher@ustat.local'),
    await platform.signIn('student@ustat.local'),
  ]
  await ask(teacher, '/api/channels/me/')
  await ask(teacher, `/api/broadcasts/${broadcast?.id}/health/`)
  await ask(student, `/api/channels/${slug}/`)
  await ask(student, '/api/live/')
  await publisher.stop()

  await untilRecorded(platform, recording)
  const { playback_url: url, duration_seconds } = JSON.parse(
    await ask(guest, `/api/recordings/${recording}/`),
  ) as RecordingJson
  // The media process gives it out until the store has all of it; then the address is the store's.
  const [, top = ''] = /^(\w+)\/index\.m3u8$/m.exec(await ask(guest, url ?? '')) ?? []
  const [, segment = ''] =
    /^(\d+\.m4s)$/m.exec(await ask(guest, (url ?? '').replace('index.m3u8', `${top}/index.m3u8`))) ?? []
  const address = `${platform.url}${url?.replace('index.m3u8', `${top}/${segment}`)}`
  const presigned = async () => (await fetch(address, { redirect: 'manual' })).headers.get('location') ?? ''
  await expect.poll(presigned, { timeout: 20_000 }).toContain(s3.config.endpoint)
  const location = await presigned()
  const piece = await fetch(location, { headers: { range: 'bytes=0-99' } })
  expect([piece.status, (await piece.arrayBuffer()).byteLength]).toEqual([206, 100])
  const edited = location.replace(/(Signature=)(.)/, (_all, name, digit) => `${name}${digit === '0' ? '1' : '0'}`)
  expect((await fetch(edited)).status).toBe(403)

  await visitor.page.goto(`${platform.url}/recordings/${recording}`)
  await expect.poll(() => framesOf(visitor.page, 'vod-player'), { timeout: 20_000 }).toBeGreaterThan(15)
  await seek(visitor.page, 'vod-player', duration_seconds - 1.5)
  await expect
    .poll(() => positionOf(visitor.page, 'vod-player'), { timeout: 15_000 })
    .toBeGreaterThan(duration_seconds - 1.2)
  expect(visitor.problems).toEqual([])
}, 120_000)

it('shows the stream key nowhere: answers, playlists, metrics, logs, files', async () => {
  const key = await platform.streamKey()
  const forms = [key, encodeURIComponent(key), Buffer.from(key).toString('base64').replace(/=+$/, '')]
  for (const form of forms) {
    expect(answers.filter((text) => text.includes(form))).toEqual([])
    expect(platform.log()).not.toContain(form)
    // grep exits with 1 when it finds nothing.
    const found = promisify(execFile)('grep', ['-rlF', '--exclude-dir=postgres', '--', form, platform.dataDir])
    await expect(found).rejects.toMatchObject({ code: 1 })
  }
})
