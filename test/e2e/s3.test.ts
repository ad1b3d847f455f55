import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { type S3Server, startS3 } from '../support/s3.ts'
import { framesOf, openBrowser, positionOf, seek, type Visitor } from './browser.ts'
import { slug, untilLive, untilRecorded } from './channel.ts'
import { publish } from './publisher.ts'

/** The whole product on an S3 store that checks every signature, and that goes away in the midst of a show. */
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

it('records to S3, which is away for a while, and plays from it through presigned addresses', async () => {
  const publisher = await publish(await platform.publishUrl())
  const { recording } = await untilLive(platform)
  await visitor.page.goto(`${platform.url}/c/${slug}`)
  const uploads = () => s3.requests.filter((line) => /^PUT .*\.m4s/.test(line)).length
  await expect.poll(uploads, { timeout: 20_000 }).toBeGreaterThan(1)
  // Away while the show goes on and ends: the recording plays from the spool meanwhile.
  await s3.stop()
  const framesThen = await framesOf(visitor.page, 'live-player')
  await expect.poll(() => framesOf(visitor.page, 'live-player'), { timeout: 20_000 }).toBeGreaterThan(framesThen + 150)
  await publisher.stop()

  const { playback_url: url, duration_seconds } = await untilRecorded(platform, recording)
  expect((await fetch(platform.url + url)).status).toBe(200)
  await s3.start()
  // The media process gives it out until the store has all of it; then the address is the store's.
  const [, top = ''] = /^(\w+)\/index\.m3u8$/m.exec(await (await fetch(platform.url + url)).text()) ?? []
  const [, segment = ''] =
    /^(\d+\.m4s)$/m.exec(await (await fetch(platform.url + url.replace('index.m3u8', `${top}/index.m3u8`))).text()) ??
    []
  const address = `${platform.url}${url.replace('index.m3u8', `${top}/${segment}`)}`
  const presigned = async () => (await fetch(address, { redirect: 'manual' })).headers.get('location') ?? ''
  await expect.poll(presigned, { timeout: 60_000 }).toContain(s3.config.endpoint)
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
