import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import type { PublishGrant } from '../../media/host.ts'
import { FakePlatform, publishLive, startMedia } from '../support/media-process.ts'
import { checkMediaPlaylist } from '../support/playlist-rules.ts'
import { temporaryFolder } from './archive/show.ts'

const run = promisify(execFile)
const within = { timeout: 20_000, interval: 50 }
type Media = Awaited<ReturnType<typeof startMedia>>

async function untilLive(media: Media, grant: PublishGrant): Promise<void> {
  await vi.waitFor(async () => expect((await fetch(media.url(grant, 'index.m3u8'))).status).toBe(200), within)
}

/** Media Sequence Numbers and discontinuities that the DVR playlist of the only rendition names. */
async function dvr(media: Media, grant: PublishGrant) {
  const text = await (await fetch(media.url(grant, '180p/dvr.m3u8'))).text()
  checkMediaPlaylist(text)
  return {
    msns: [...text.matchAll(/^(\d+)\.m4s$/gm)].map(([, msn]) => Number(msn)),
    discontinuities: text.match(/^#EXT-X-DISCONTINUITY$/gm)?.length ?? 0,
    isEnded: text.includes('#EXT-X-ENDLIST'),
  }
}

const until = (media: Media, grant: PublishGrant, segments: number) =>
  vi.waitFor(async () => expect((await dvr(media, grant)).msns.length).toBeGreaterThanOrEqual(segments), within)

const untilReported = (platform: FakePlatform, report: object) =>
  vi.waitFor(() => expect(platform.reports).toContainEqual(expect.objectContaining(report)), within)

/** Seconds that ffprobe finds in the recording on disk. */
async function lengthOf(directory: string, grant: PublishGrant): Promise<number> {
  const playlist = join(directory, 'store/recordings', grant.recording, 'index.m3u8')
  const args = ['-v', 'error', '-allowed_extensions', 'ALL', '-show_entries', 'format=duration', '-of', 'csv=p=0']
  return Number((await run('ffprobe', [...args, playlist])).stdout)
}

it('ends with its publisher’s word, and the recording plays', async () => {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  await using media = await startMedia(platform, folder.path)
  const { streamKey, grant } = platform.key()
  await using publisher = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await untilLive(media, grant)
  await until(media, grant, 2)
  await publisher.stop()

  await untilReported(platform, { report: 'closed', isUploaded: true })
  expect(platform.reports.map(({ report }) => report)).toEqual(['started', 'closed', 'ended', 'closed'])
  expect(platform.reports[2]?.cause).toBeNull()
  expect((await dvr(media, grant)).isEnded).toBe(true)
  expect(await lengthOf(folder.path, grant)).toBeCloseTo(platform.reports[1]?.durationSeconds ?? 0, 0)
}, 60_000)

it('goes on in one broadcast and one recording when a lost publisher returns', async () => {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  await using media = await startMedia(platform, folder.path)
  const { streamKey, grant } = platform.key()
  await using first = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await untilLive(media, grant)
  await until(media, grant, 2)
  await first.lose()
  await vi.waitFor(() => expect(media.sessions.running[0]?.state).toBe('waiting'), within)
  const before = await dvr(media, grant)
  expect(before.isEnded).toBe(false)

  await using second = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await until(media, grant, before.msns.length + 3)
  await second.stop()
  await untilReported(platform, { report: 'closed', isUploaded: true })
  const after = await dvr(media, grant)
  expect(after.msns).toEqual(after.msns.map((_, index) => index))
  expect(after.discontinuities).toBe(1)
  expect(platform.reports.filter(({ report }) => report === 'ended')).toEqual([{ report: 'ended', cause: null }])
}, 60_000)

it('is ended and recorded when a lost publisher does not return in time', async () => {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  await using media = await startMedia(platform, folder.path, { returnWithinMs: 300 })
  const { streamKey, grant } = platform.key()
  await using publisher = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await untilLive(media, grant)
  await publisher.lose()
  await untilReported(platform, { report: 'ended', cause: 'publisher_lost' })
  await untilReported(platform, { report: 'closed', isUploaded: true })
  expect(await lengthOf(folder.path, grant)).toBeGreaterThan(0.5)
}, 60_000)

it('refuses a second publisher with the same key, and the first goes on', async () => {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  await using media = await startMedia(platform, folder.path)
  const { streamKey, grant } = platform.key()
  await using first = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await untilLive(media, grant)
  await using second = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await second.gone
  expect(second.said()).toContain('already live')
  expect(second.said().replaceAll(`${media.rtmpUrl}/${streamKey}`, '')).not.toContain(streamKey)
  const { msns } = await dvr(media, grant)
  await until(media, grant, msns.length + 2)
  await first.stop()
}, 60_000)

it('cuts a show that the platform ended, and tells the publisher', async () => {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  await using media = await startMedia(platform, folder.path)
  const { streamKey, grant } = platform.key()
  await using publisher = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await untilLive(media, grant)
  expect(media.sessions.end(grant.broadcast)).toBe(true)
  await publisher.gone
  await untilReported(platform, { report: 'ended', cause: 'cut' })
  expect(media.sessions.end(grant.broadcast)).toBe(false)
}, 60_000)

it('goes on while the platform is away, lets its publisher return, and reports later', async () => {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  await using media = await startMedia(platform, folder.path)
  const [{ streamKey, grant }, stranger] = [platform.key(), platform.key()]
  await using first = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await untilLive(media, grant)
  platform.isAway = true
  await first.lose()
  await using second = publishLive(`${media.rtmpUrl}/${streamKey}`)
  const { msns } = await dvr(media, grant)
  await until(media, grant, msns.length + 2)
  await using other = publishLive(`${media.rtmpUrl}/${stranger.streamKey}`)
  await other.gone
  expect(other.said()).toContain('does not answer')
  await second.stop()
  await vi.waitFor(() => expect(media.sessions.running).toHaveLength(0), within)
  expect(platform.reports.map(({ report }) => report)).not.toContain('ended')
  platform.isAway = false
  await untilReported(platform, { report: 'ended', cause: null })
}, 60_000)

it('is taken up by the next process, when its publisher returns there', async () => {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  const { streamKey, grant } = platform.key()
  let before: number[]
  {
    await using media = await startMedia(platform, folder.path)
    await using _publisher = publishLive(`${media.rtmpUrl}/${streamKey}`)
    await untilLive(media, grant)
    await until(media, grant, 2)
    before = (await dvr(media, grant)).msns
  }
  await using media = await startMedia(platform, folder.path)
  expect(media.sessions.running.map(({ state }) => state)).toEqual(['waiting'])
  await using publisher = publishLive(`${media.rtmpUrl}/${streamKey}`)
  await until(media, grant, before.length + 3)
  await publisher.stop()
  await untilReported(platform, { report: 'closed', isUploaded: true })
  const { msns } = await dvr(media, grant)
  expect(msns.slice(0, before.length)).toEqual(before)
  expect(platform.reports.filter(({ report }) => report === 'started')).toHaveLength(1)
  expect(await lengthOf(folder.path, grant)).toBeGreaterThan(4)
}, 60_000)

it('is closed by the next process, when its publisher does not return', async () => {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  const { streamKey, grant } = platform.key()
  {
    await using media = await startMedia(platform, folder.path)
    await using _publisher = publishLive(`${media.rtmpUrl}/${streamKey}`)
    await untilLive(media, grant)
    await until(media, grant, 2)
  }
  await using _media = await startMedia(platform, folder.path, { returnWithinMs: 200 })
  await untilReported(platform, { report: 'ended', cause: 'publisher_lost' })
  await untilReported(platform, { report: 'closed', isUploaded: true })
  expect(await lengthOf(folder.path, grant)).toBeGreaterThan(2)
}, 60_000)
