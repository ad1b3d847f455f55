import { chromium, type Page } from 'playwright-core'
import { delay } from './clock.ts'
import { type PageNotes, readFrames } from './page-reader.ts'
import { timeCode } from './time-code.ts'

/** A browser with nothing in it, and pages that note the frames they present. */
export interface BenchBrowser extends AsyncDisposable {
  open(url: string): Promise<WatchedPage>
}

export interface WatchedPage extends AsyncDisposable {
  readonly page: Page
  /** What was noted until now. */
  notes(): Promise<PageNotes>
  /** Returns at the first frame. @throws when none comes in time */
  untilPlaying(timeoutMs: number): Promise<void>
}

/** @param executablePath a program that starts Chromium elsewhere: in a network namespace */
export async function openBrowser(executablePath = '/usr/bin/chromium'): Promise<BenchBrowser> {
  const browser = await chromium.launch({
    executablePath,
    // Playwright would end the process on the spot, and leave all the rest running.
    ...{ handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false },
    args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-background-networking'],
  })
  return {
    async open(url) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
      const problems: string[] = []
      page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
      page.on('pageerror', (error) => problems.push(error.message))
      await page.addInitScript(readFrames, timeCode)
      await page.goto(url, { waitUntil: 'commit' })
      const notes = () => page.evaluate(() => (window as unknown as { benchNotes: PageNotes }).benchNotes)
      return {
        page,
        notes,
        async untilPlaying(timeoutMs) {
          const deadline = Date.now() + timeoutMs
          while ((await notes()).frames.length === 0) {
            if (Date.now() > deadline) {
              throw new Error(`${url} showed no frame in ${timeoutMs / 1000} s: ${problems.slice(0, 5).join(' | ')}`)
            }
            await delay(50)
          }
        },
        [Symbol.asyncDispose]: () => page.close(),
      }
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}
