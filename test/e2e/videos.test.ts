import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { framesOf, openBrowser, type Visitor } from './browser.ts'

/** From a file on somebody's disk to a video that plays, over a slow line and with a reload in the middle. */
let platform: Platform
let visitor: Visitor
let root: string

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'ustat-videos-'))
  execFileSync('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=320x240:rate=25:duration=10,noise=alls=60:allf=t'],
    ...['-f', 'lavfi', '-i', 'sine=frequency=440:duration=10', '-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50'],
    ...['-b:v', '3M', '-maxrate', '3M', '-bufsize', '3M', '-pix_fmt', 'yuv420p', '-shortest', join(root, 'Урок 1.mp4')],
  ])
  ;[platform, visitor] = await Promise.all([startPlatform(), openBrowser()])
})

afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await platform?.[Symbol.asyncDispose]()
  rmSync(root, { recursive: true, force: true })
})

async function slowDown(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const none = { offline: false, latency: 0, downloadThroughput: -1 }
  await session.send('Network.emulateNetworkConditions', { ...none, uploadThroughput: bytesPerSecond })
}

const choose = (page: Page) => page.locator('drop-zone input[type=file]').setInputFiles(join(root, 'Урок 1.mp4'))
const sent = (page: Page) =>
  page.locator('upload-row progress').evaluate((bar) => (bar as HTMLProgressElement).position)

it('an upload goes on after a reload, is processed, and plays', async () => {
  const { page, problems } = visitor
  page.on('dialog', (dialog) => void dialog.accept())
  await page.goto(`${platform.url}/sign-in?next=/videos`)
  await page.locator('wa-input[name="email"] input').fill('teacher@ustat.local')
  await page.locator('wa-input[name="password"] input').fill('demo-password')
  await page.keyboard.press('Enter')
  await page.getByText('No videos yet').waitFor()

  await slowDown(page, 400_000)
  await choose(page)
  await expect.poll(() => sent(page), { timeout: 10_000 }).toBeGreaterThan(0.3)
  await page.getByRole('button', { name: /^Pause “/ }).click()
  await page.getByText(/^Paused at/).waitFor()
  const paused = await sent(page)
  await page.getByRole('button', { name: /^Go on with “/ }).click()
  await expect.poll(() => sent(page), { timeout: 10_000 }).toBeGreaterThan(paused)

  await page.reload()
  await page.getByText('This upload stopped.').waitFor()
  await slowDown(page, 1_500_000)
  const offsets: string[] = []
  page.on('request', async (request) => {
    if (request.method() === 'PATCH') offsets.push((await request.allHeaders())['upload-offset'] ?? '')
  })
  await choose(page)
  await page.locator('media-card').waitFor({ timeout: 20_000 })
  // It went on where it was: nothing began at 0.
  expect(Number(offsets[0])).toBeGreaterThan(500_000)
  await expect.poll(() => page.locator('upload-row').count()).toBe(0)

  await expect.poll(() => page.locator('media-card').getAttribute('data-status'), { timeout: 20_000 }).toBe('ready')
  await page.locator('media-card a').click()
  await page.waitForURL(/\/videos\/[0-9a-f]{24}$/)
  await page.getByRole('heading', { name: 'Урок 1' }).waitFor()
  await expect.poll(() => framesOf(page, 'vod-player'), { timeout: 10_000 }).toBeGreaterThan(10)
  expect(await page.locator('vod-player track[kind=metadata]').getAttribute('src')).toContain('/storyboard.vtt')

  await page.getByRole('button', { name: 'Cut a piece' }).waitFor()
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.locator('wa-input[name="title"] input').fill('Lesson one')
  await page.locator('select[name="visibility"]').selectOption('public')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('heading', { name: 'Lesson one' }).waitFor()

  await page.locator('film-tools').getByRole('button', { name: 'Delete' }).click()
  await page.locator('film-tools confirm-dialog wa-button[variant=danger]').click()
  await page.waitForURL(/\/videos$/)
  await page.getByText('No videos yet').waitFor()
  expect(problems).toEqual([])
})

it('a file that is no video says why, and a cancelled upload leaves nothing', async () => {
  const { page } = visitor
  await page
    .locator('drop-zone input[type=file]')
    .setInputFiles({ name: 'notes.mp4', mimeType: 'video/mp4', buffer: Buffer.from('words '.repeat(500)) })
  await page.getByText('This is not a video or sound file that we know.').waitFor({ timeout: 15_000 })
  await page.locator('.failed').getByRole('button', { name: 'Delete' }).click()
  await page
    .locator('videos-page > confirm-dialog wa-button[variant=danger], confirm-dialog wa-button[variant=danger]')
    .last()
    .click()
  await page.getByText('No videos yet').waitFor()

  await slowDown(page, 200_000)
  await choose(page)
  await expect.poll(() => sent(page), { timeout: 10_000 }).toBeGreaterThan(0.05)
  await page.getByRole('button', { name: /^Cancel “/ }).click()
  await page.locator('upload-row confirm-dialog wa-button[variant=danger]').click()
  await page.getByText('No videos yet').waitFor()
  expect(await page.evaluate(() => Object.keys(localStorage).filter((key) => key.startsWith('tus::')))).toEqual([])
})
