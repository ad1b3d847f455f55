import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { delayOf, framesOf, openBrowser, positionOf, seek, type Visitor } from './browser.ts'
import { slug, untilLive, untilRecorded } from './channel.ts'
import { publish } from './publisher.ts'

/** One show as its people live it: a publisher, a viewer on the channel page, then the recording. */
let platform: Platform
let visitor: Visitor

beforeAll(async () => {
  ;[platform, visitor] = await Promise.all([startPlatform(), openBrowser()])
})

afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await platform?.[Symbol.asyncDispose]()
})

it('goes from the publisher to the viewer and on to the recording', async () => {
  const { page, problems } = visitor

  // The page is open before the show: it turns live by itself.
  await page.goto(`${platform.url}/c/${slug}`)
  await page.locator('channel-page').waitFor()
  expect(await page.locator('live-player').count()).toBe(0)
  const publisher = await publish(await platform.publishUrl())
  await page.locator('live-player video').waitFor({ timeout: 30_000 })
  await expect.poll(() => framesOf(page, 'live-player'), { timeout: 20_000 }).toBeGreaterThan(30)
  const { recording } = await untilLive(platform)
  const before = await framesOf(page, 'live-player')
  await expect.poll(() => framesOf(page, 'live-player'), { timeout: 20_000 }).toBeGreaterThan(before + 60)
  await expect.poll(() => delayOf(page), { timeout: 20_000 }).toBeLessThan(2)
  await publisher.stop()

  const { id, duration_seconds, thumbnail_url, storyboard_url, renditions } = await untilRecorded(platform, recording)
  expect(duration_seconds).toBeGreaterThan(3)
  expect(renditions).toEqual(['480p', '360p'])
  expect((await fetch(`${platform.url}${thumbnail_url}`)).headers.get('content-type')).toBe('image/jpeg')
  expect(await (await fetch(`${platform.url}${storyboard_url}`)).text()).toMatch(/^WEBVTT\n.*#xywh=/s)

  await page.goto(`${platform.url}/recordings/${id}`)
  await expect.poll(() => framesOf(page, 'vod-player'), { timeout: 20_000 }).toBeGreaterThan(15)
  await seek(page, 'vod-player', duration_seconds - 1.5)
  await expect.poll(() => positionOf(page, 'vod-player'), { timeout: 15_000 }).toBeGreaterThan(duration_seconds - 1.2)

  // A worker makes its thumbnail's sizes; where it is shown small, a small one comes.
  const widthsOf = async () => (await (await fetch(`${platform.url}/api/recordings/${id}/`)).json()).thumbnail_widths
  await expect.poll(widthsOf, { timeout: 30_000 }).toEqual([320, 640, 854])
  await page.goto(`${platform.url}/c/${slug}`)
  const shown = page.locator('media-card img').first()
  // Loaded when it comes near the screen.
  await shown.scrollIntoViewIfNeeded()
  const loaded = () =>
    shown.evaluate((img) => `${(img as HTMLImageElement).currentSrc} ${(img as HTMLImageElement).naturalWidth}`)
  await expect.poll(loaded).toMatch(/\/thumbnail-320\.avif [1-9]/)
  expect(problems).toEqual([])
}, 120_000)
