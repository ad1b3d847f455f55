import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { checkRenditions } from '../support/playlist-rules.ts'
import { untilLive, untilRecorded } from './channel.ts'
import { follow, readMedia, readVariants } from './playlists.ts'
import { publish } from './publisher.ts'

let platform: Platform

beforeAll(async () => {
  platform = await startPlatform()
})

afterAll(() => platform?.[Symbol.asyncDispose]())

it('serves no playlist, live or recorded, that a strict parser or a rule of low-latency HLS refuses', async () => {
  await using publisher = await publish(await platform.publishUrl())
  const { playbackUrl, recording } = await untilLive(platform)
  const live = await readVariants(playbackUrl)
  const back = await readVariants(playbackUrl.replace('index.m3u8', 'dvr.m3u8'))
  expect(live.map((url) => url.split('/').slice(-2).join('/'))).toEqual(['480p/index.m3u8', '360p/index.m3u8'])
  expect(back.map((url) => url.split('/').slice(-2).join('/'))).toEqual(['480p/dvr.m3u8', '360p/dvr.m3u8'])
  const [highest = ''] = live

  // All at once, as viewers are, until the end of the show.
  const followed = Promise.all([...live, ...back].map((url) => follow(url)))
  const skipping = follow(highest, { withDelta: true })
  // What is wrong with them is told below, not as an unhandled rejection while the show still runs.
  for (const reading of [followed, skipping]) reading.catch(() => {})
  // Longer than CAN-SKIP-UNTIL, so that delta updates leave something out.
  await expect
    .poll(async () => (await readMedia(highest)).segments.reduce((sum, { duration }) => sum + duration, 0), {
      timeout: 40_000,
      interval: 500,
    })
    .toBeGreaterThan(13)
  const whole = (await readMedia(highest)).segments.findLast(({ parts }) => parts.length > 0)
  const bytesOf = async (uri = '') => Buffer.from(await (await fetch(new URL(uri, highest))).arrayBuffer())
  const parts = await Promise.all((whole?.parts ?? []).map(({ uri }) => bytesOf(uri)))
  expect(Buffer.concat(parts).equals(await bytesOf(whole?.uri))).toBe(true)
  await publisher.stop()

  const readings = await followed
  for (const answers of readings.slice(0, live.length)) {
    expect(answers.length).toBeGreaterThan(40)
    // Blocking reload: each answer brought something, so none but the last two says the same.
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBeGreaterThanOrEqual(answers.length - 2)
  }
  checkRenditions(readings.slice(0, live.length).map((answers) => answers.at(-1) as (typeof answers)[0]))
  expect((await skipping).some(({ skipped }) => skipped > 0)).toBe(true)

  const { playback_url, duration_seconds } = await untilRecorded(platform, recording)
  const recorded = await readVariants(platform.url + playback_url)
  expect(recorded).toHaveLength(2)
  const { headers } = await fetch(recorded[0] ?? '', { headers: { 'accept-encoding': 'gzip' } })
  expect(headers.get('content-encoding')).toBe('gzip')
  const playlists = await Promise.all(recorded.map((url) => readMedia(url)))
  checkRenditions(playlists)
  for (const { isEnded, type, segments } of playlists) {
    expect({ isEnded, type }).toEqual({ isEnded: true, type: 'VOD' })
    expect(segments.reduce((sum, { duration }) => sum + duration, 0)).toBeCloseTo(duration_seconds, 1)
  }
  // Nothing of the live show is missing in its recording, and nothing is listed that is not there.
  expect(playlists[0]?.segments.map(({ msn }) => msn)).toEqual(readings[2]?.at(-1)?.segments.map(({ msn }) => msn))
  for (const [at, url] of recorded.entries()) {
    for (const { uri } of playlists[at]?.segments ?? []) {
      const answer = await fetch(new URL(uri, url), { method: 'HEAD' })
      expect([uri, answer.status]).toEqual([uri, 200])
    }
  }
}, 120_000)
