import { chromium, type Page } from 'playwright-core'
import type { LivePlayer } from '../../web/player/live-player.ts'

/** Chromium, and a page of it that keeps what went wrong. */
export interface Visitor extends AsyncDisposable {
  page: Page
  /** Exceptions of the pages, and what their policies forbade. */
  problems: string[]
}

export async function openBrowser(): Promise<Visitor> {
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--autoplay-policy=no-user-gesture-required',
      '--disable-background-networking',
    ],
  })
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (/content security policy|has been blocked by CORS/i.test(message.text())) problems.push(message.text())
  })
  return { page, problems, [Symbol.asyncDispose]: () => browser.close() }
}

type PlayerName = 'live-player' | 'vod-player'

/** Frames that were decoded since the page was opened. */
export function framesOf(page: Page, player: PlayerName): Promise<number> {
  return page
    .locator(`${player} video`)
    .evaluate((video) => (video as HTMLVideoElement).getVideoPlaybackQuality().totalVideoFrames)
}

/** Seconds. */
export function positionOf(page: Page, player: PlayerName): Promise<number> {
  return page.locator(`${player} video`).evaluate((video) => (video as HTMLVideoElement).currentTime)
}

export async function seek(page: Page, player: PlayerName, seconds: number): Promise<void> {
  await page.locator(`${player} video`).evaluate((video, to) => {
    ;(video as HTMLVideoElement).currentTime = to
  }, seconds)
}

/** Seconds between the server's present and the picture; null while nothing plays. */
export function delayOf(page: Page): Promise<number | null> {
  return page.locator('live-player').evaluate((element) => (element as LivePlayer).latency)
}
