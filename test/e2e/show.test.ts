import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LivePlayer } from '../../web/player/live-player.ts'
import { type Platform, startPlatform } from '../support/platform.ts'

/** One show as its people live it: a publisher, a viewer on the channel page, then the recording. */
let platform: Platform
let browser: Browser

beforeAll(async () => {
  platform = await startPlatform()
  browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  })
}, 120_000)

afterAll(async () => {
  await browser?.close()
  await platform?.[Symbol.asyncDispose]()
}, 60_000)

function publish(url: string): ChildProcess {
  const input = [
    '-re',
    '-f',
    'lavfi',
    '-i',
    'testsrc2=size=1280x720:rate=30',
    '-f',
    'lavfi',
    '-i',
    'sine=f=440:r=48000',
  ]
  const video = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-g',
    '30',
    '-b:v',
    '2M',
    '-pix_fmt',
    'yuv420p',
  ]
  return spawn('ffmpeg', ['-v', 'error', ...input, ...video, '-c:a', 'aac', '-f', 'flv', url], {
    stdio: ['pipe', 'ignore', 'inherit'],
  })
}

/** ffmpeg says to the server that it stops, as OBS does. */
async function stop(publisher: ChildProcess): Promise<void> {
  const gone = once(publisher, 'exit')
  publisher.stdin?.write('q')
  await gone
}

const player = (page: Page) => page.locator('live-player')
const latencyOf = (page: Page) => player(page).evaluate((element) => (element as LivePlayer).latency)
const framesOf = (page: Page, name: string) =>
  page
    .locator(`${name} video`)
    .evaluate((video) => (video as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames)

it('goes from the publisher to the viewer and on to the recording', async () => {
  const teacher = await platform.signIn('teacher@ustat.local')
  const { slug } = (await (await teacher('/api/channels/me/')).json()) as { slug: string }
  const page = await browser.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))

  // The page is open before the show: it turns live by itself.
  await page.goto(`${platform.url}/c/${slug}`)
  await expect.poll(() => page.locator('channel-page').count()).toBe(1)
  expect(await player(page).count()).toBe(0)
  const publisher = publish(await platform.publishUrl())
  await player(page).locator('video').waitFor({ timeout: 30_000 })
  await expect.poll(() => framesOf(page, 'live-player'), { timeout: 20_000 }).toBeGreaterThan(30)

  const before = await framesOf(page, 'live-player')
  await expect.poll(() => framesOf(page, 'live-player'), { timeout: 10_000 }).toBeGreaterThan(before + 60)
  await expect.poll(() => latencyOf(page), { timeout: 20_000 }).toBeLessThan(2)
  await stop(publisher)

  await expect
    .poll(
      async () =>
        (
          (await (await fetch(`${platform.url}/api/recordings/?channel=${slug}`)).json()) as {
            results: { status: string }[]
          }
        ).results[0]?.status,
      { timeout: 15_000 },
    )
    .toBe('ready')
  const { results } = (await (await fetch(`${platform.url}/api/recordings/?channel=${slug}`)).json()) as {
    results: { id: string; thumbnail_url: string; storyboard_url: string; duration_seconds: number }[]
  }
  const [recording] = results
  expect(recording?.duration_seconds).toBeGreaterThan(3)
  for (const url of [recording?.thumbnail_url, recording?.storyboard_url]) {
    expect((await fetch(`${platform.url}${url}`)).status, url).toBe(200)
  }

  await page.goto(`${platform.url}/recordings/${recording?.id}`)
  await page.locator('vod-player video').waitFor({ timeout: 20_000 })
  await page.locator('vod-player video').evaluate((video) => {
    ;(video as HTMLVideoElement).muted = true
    return (video as HTMLVideoElement).play()
  })
  await expect.poll(() => framesOf(page, 'vod-player'), { timeout: 20_000 }).toBeGreaterThan(15)
  await page.locator('vod-player video').evaluate((video) => {
    ;(video as HTMLVideoElement).currentTime = (video as HTMLVideoElement).duration - 1.5
  })
  await expect
    .poll(() => page.locator('vod-player video').evaluate((video) => (video as HTMLVideoElement).currentTime), {
      timeout: 15_000,
    })
    .toBeGreaterThan((recording?.duration_seconds ?? 0) - 1.4)
  expect(problems).toEqual([])
}, 120_000)
