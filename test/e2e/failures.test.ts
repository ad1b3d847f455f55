import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { framesOf, openBrowser, type Visitor } from './browser.ts'
import { slug, untilLive, untilOffline, untilRecorded } from './channel.ts'
import { type Publisher, publish } from './publisher.ts'

/** What may break during a show, in the whole product with its real processes, and what its viewer sees of it. */
let platform: Platform
let visitor: Visitor
let publisher: Publisher
let url: string

beforeAll(async () => {
  ;[platform, visitor] = await Promise.all([startPlatform(), openBrowser()])
  url = await platform.publishUrl()
})

afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await platform?.[Symbol.asyncDispose]()
})

beforeEach(async () => {
  publisher = await publish(url)
})

afterEach(() => publisher.crash())

/** A viewer on the channel's page, who never reloads it. */
async function watch() {
  const show = await untilLive(platform)
  await visitor.page.goto(`${platform.url}/c/${slug}`)
  await seesMore(30)
  return show
}

async function seesMore(frames: number, timeout = 30_000): Promise<void> {
  const before = await framesOf(visitor.page, 'live-player')
  await expect.poll(() => framesOf(visitor.page, 'live-player'), { timeout }).toBeGreaterThan(before + frames)
}

const signal = (name: Parameters<Platform['processId']>[0], what: NodeJS.Signals) =>
  process.kill(platform.processId(name), what)

it('a publisher that crashes and returns goes on in the same show, and its viewer sees it without a reload', async () => {
  const { broadcast, recording } = await watch()
  await publisher.crash()
  publisher = await publish(url)
  await seesMore(150)
  expect(await untilLive(platform)).toMatchObject({ broadcast, recording })
  await publisher.stop()
  await untilRecorded(platform, recording)
  await untilOffline(platform, broadcast)
}, 90_000)

it('goes on while api, PostgreSQL and Redis are all away, and is reported when they are back', async () => {
  const { broadcast, recording } = await watch()
  for (const name of ['api', 'postgres', 'redis'] as const) signal(name, 'SIGSTOP')
  await seesMore(150)
  await publisher.stop()
  // Hanging, then dead, then there again.
  for (const name of ['api', 'postgres', 'redis'] as const) signal(name, 'SIGKILL')
  const { duration_seconds } = await untilRecorded(platform, recording)
  expect(duration_seconds).toBeGreaterThan(5)
  await untilOffline(platform, broadcast)
}, 90_000)

it('media killed in mid-show: the publisher returns, the show goes on, and its viewer sees it without a reload', async () => {
  const { broadcast, recording } = await watch()
  signal('media', 'SIGKILL')
  await publisher.crash()
  await expect.poll(() => platform.log(), { timeout: 20_000 }).toContain('media runs again')
  publisher = await publish(url)
  // Longer than what is asked for below, by the segment that is open when it ends.
  await seesMore(240)
  expect(await untilLive(platform)).toMatchObject({ broadcast, recording })

  // And once more, but now nobody returns: the recording has all but what was open.
  signal('media', 'SIGKILL')
  await publisher.crash()
  const { duration_seconds } = await untilRecorded(platform, recording)
  expect(duration_seconds).toBeGreaterThan(5)
  await untilOffline(platform, broadcast)
}, 120_000)

it('a key rotated in mid-show cuts the show, refuses the old key and takes the new one', async () => {
  const { broadcast, recording } = await watch()
  const teacher = await platform.signIn('teacher@ustat.local')
  expect((await teacher('/api/channels/me/stream-key/', { method: 'POST', body: '{}' })).status).toBe(200)
  await untilRecorded(platform, recording)
  await untilOffline(platform, broadcast)
  const withOldKey = await publish(url)
  await expect.poll(() => platform.log()).toMatch(/stream_key_refused/)
  await withOldKey.crash()

  url = await platform.publishUrl()
  publisher = await publish(url)
  expect((await untilLive(platform)).broadcast).not.toBe(broadcast)
  await publisher.stop()
}, 90_000)
