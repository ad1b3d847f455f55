import { execFile, execFileSync } from 'node:child_process'
import { readFileSync, statSync, truncateSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { ExportJson } from '../../server/exports/contract.ts'
import { clip } from '../support/clips.ts'
import { type Call, type Platform, startPlatform } from '../support/platform.ts'
import { openBrowser, type Visitor } from './browser.ts'
import { slug, untilLive, untilRecorded } from './channel.ts'
import { publish } from './publisher.ts'

/** Pieces to take away, of a show while it runs, of its recording, and of a visitor's own file. */
let platform: Platform
let visitor: Visitor
let teacher: Call
let folder: string

beforeAll(async () => {
  ;[platform, visitor] = await Promise.all([startPlatform(), openBrowser()])
  teacher = await platform.signIn('teacher@ustat.local')
  folder = await mkdtemp(join(tmpdir(), 'ustat-export-'))
}, 90_000)

afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await platform?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

async function made(wanted: object): Promise<ExportJson> {
  const asked = await teacher('/api/exports/', { method: 'POST', body: JSON.stringify(wanted) })
  expect(asked.status).toBe(202)
  const { id } = (await asked.json()) as ExportJson
  return vi.waitFor(
    async () => {
      const now = (await (await teacher(`/api/exports/${id}/`)).json()) as ExportJson
      if (now.status === 'queued' || now.status === 'processing') throw new Error(now.status)
      return now
    },
    { timeout: 20_000, interval: 200 },
  )
}

async function downloaded({ download_url, file_name }: ExportJson): Promise<string> {
  const answer = await teacher(download_url ?? '')
  expect(answer.status).toBe(200)
  const file = join(folder, file_name.replace(/[^\w.]/g, ''))
  await writeFile(file, Buffer.from(await answer.arrayBuffer()))
  return file
}

function probe(file: string): { codecs: string[]; width: number; seconds: number } {
  const options = ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', file]
  const { streams, format } = JSON.parse(execFileSync('ffprobe', options).toString())
  const codecs = streams.map(({ codec_name }: { codec_name: string }) => codec_name)
  return { codecs, width: streams[0].width, seconds: Number(format.duration) }
}

it('cuts a GIF and a clip out of a show that runs, and out of its recording when it has ended', async () => {
  const publisher = await publish(await platform.publishUrl())
  const { broadcast, recording } = await untilLive(platform)
  // Until there is enough to go back to.
  const early = await vi.waitFor(
    async () => {
      const gif = await made({ broadcast, format: 'gif', start: 1, duration: 3, width: 320, fps: 10 })
      expect(gif).toMatchObject({ status: 'ready' })
      const file = await downloaded(gif)
      expect(Math.abs(probe(file).seconds - 3)).toBeLessThan(0.2)
      return file
    },
    { timeout: 30_000, interval: 1000 },
  )
  expect(probe(early)).toMatchObject({ codecs: ['gif'], width: 320 })
  const clipped = probe(await downloaded(await made({ broadcast, format: 'mp4', start: 1.4, duration: 2 })))
  expect(clipped.codecs.toSorted()).toEqual(['aac', 'h264'])
  expect(Math.abs(clipped.seconds - 2)).toBeLessThan(0.15)

  const { page, problems } = visitor
  await page.goto(`${platform.url}/sign-in?next=/c/${slug}`)
  await page.getByLabel(/e-mail/i).fill('teacher@ustat.local')
  await page.getByLabel('Password', { exact: true }).fill('demo-password')
  await page.locator('sign-in-page').getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('button', { name: 'Cut a piece' }).click()
  await page.getByRole('button', { name: 'Make the GIF' }).click()
  await page.getByRole('link', { name: 'Save the file' }).waitFor({ timeout: 30_000 })

  await publisher.stop()
  await untilRecorded(platform, recording)
  const sound = probe(await downloaded(await made({ recording, format: 'mp3', start: 0.5, duration: 2 })))
  expect(sound.codecs).toEqual(['mp3'])
  expect(Math.abs(sound.seconds - 2)).toBeLessThan(0.15)
  expect(problems).toEqual([])
}, 120_000)

it('lets curl go on with a download that was cut off', async () => {
  const [whole, cut] = [join(folder, 'whole'), join(folder, 'cut')]
  const curl = (...options: string[]) => promisify(execFile)('curl', ['-sS', '-f', ...options])
  const url = `${platform.url}/api/download-test/`
  await curl('-o', whole, url)
  await curl('-o', cut, '-r', '0-1999999', url)
  expect(statSync(cut).size).toBe(2_000_000)
  truncateSync(cut, 1_234_567)
  const { stdout } = await curl('-C', '-', '-o', cut, '-w', '%{http_code} %{size_download}', url)
  expect(stdout).toBe(`206 ${5_000_000 - 1_234_567}`)
  expect(readFileSync(cut).equals(readFileSync(whole))).toBe(true)
  expect(readFileSync(whole).every((byte, at) => byte === at % 251)).toBe(true)
}, 30_000)

it('makes a GIF of a visitor’s own file on its page, picked by keyboard', async () => {
  const { page, problems } = visitor
  const file = await clip({ seconds: 8, container: 'mp4', video: { width: 640, height: 360, bitrate: '600k' } })
  await page.context().clearCookies()
  await page.goto(`${platform.url}/gif`)
  await page.locator('gif-page input[type=file]').setInputFiles(file)
  const beginning = page.getByRole('slider', { name: 'Beginning of the piece' })
  await beginning.focus()
  for (const key of ['Shift+ArrowRight', 'ArrowRight', 'ArrowRight']) await page.keyboard.press(key)
  expect(await beginning.getAttribute('aria-valuenow')).toBe('1.2')
  await page.getByRole('button', { name: 'Make the GIF' }).click()
  const link = page.getByRole('link', { name: 'Save the file' })
  await link.waitFor({ timeout: 30_000 })
  const saved = page.waitForEvent('download')
  await link.click()
  const path = await (await saved).path()
  const { codecs, seconds } = probe(path)
  expect(codecs).toEqual(['gif'])
  expect(Math.abs(seconds - 1.8)).toBeLessThan(0.2)
  expect(await page.locator('made-file img').evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(480)
  expect(problems).toEqual([])
}, 60_000)

it('says on its page what is wrong with a file, and gives up what is cancelled', async () => {
  const { page, problems } = visitor
  await page.goto(`${platform.url}/gif`)
  const chooser = page.locator('gif-page input[type=file]')
  await chooser.setInputFiles({ name: 'empty.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(0) })
  await page.getByText('The file is empty.').waitFor()
  await chooser.setInputFiles({ name: 'text.mp4', mimeType: 'video/mp4', buffer: Buffer.from('just text') })
  await page.getByText('Your browser cannot play this file').waitFor()
  await page.getByRole('button', { name: 'Make the GIF' }).click()
  await page.locator('gif-page').getByText('This is not a video or sound file that we know.').last().waitFor()

  await chooser.setInputFiles(await clip({ seconds: 8, container: 'mp4' }))
  await page.getByRole('slider', { name: 'End of the piece' }).waitFor()
  const deleted = page.waitForRequest((request) => request.method() === 'DELETE')
  // As if it took its time.
  await page.route('**/api/exports/*/', async (route) => {
    if (route.request().method() !== 'GET') return route.continue()
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), status: 'processing', progress: 42 } })
  })
  await page.getByRole('button', { name: 'Make the GIF' }).click()
  await page.getByText('42 %').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.getByText('Given up. Nothing was kept.').waitFor()
  const gone = await (await deleted).response()
  expect(gone?.status()).toBe(204)
  expect(problems).toEqual([])
}, 60_000)
