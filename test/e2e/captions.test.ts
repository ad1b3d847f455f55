import { readFile } from 'node:fs/promises'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import type { VideoJson } from '../../server/videos/contract.ts'
import { clip } from '../support/clips.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { openBrowser, positionOf, seek, type Visitor } from './browser.ts'

/** A file of captions and chapters made while watching, from the owner's browser to somebody else's. */
let platform: Platform
let visitor: Visitor
let video: VideoJson

const srt =
  '1\r\n00:00:01,000 --> 00:00:04,000\r\n<font color="red">Hello</font> & welcome\r\n\r\n2\r\n00:00:06,000 --> 00:00:09,000\r\nGoodbye\r\n'

beforeAll(async () => {
  ;[platform, visitor] = await Promise.all([startPlatform(), openBrowser()])
  video = await upload()
})

afterAll(async () => {
  await visitor?.[Symbol.asyncDispose]()
  await platform?.[Symbol.asyncDispose]()
})

/** Twelve seconds, ready to be watched by everybody. */
async function upload(): Promise<VideoJson> {
  const call = await platform.signIn('teacher@ustat.local')
  const file = await readFile(await clip({ seconds: 12, container: 'mp4' }))
  const announced = { title: 'A talk', file_name: 'talk.mp4', size: file.length, visibility: 'public' }
  const made = (await (
    await call('/api/videos/', { method: 'POST', body: JSON.stringify(announced) })
  ).json()) as VideoJson
  let sent = await call('/api/uploads', {
    method: 'POST',
    headers: {
      'tus-resumable': '1.0.0',
      'upload-length': String(file.length),
      'upload-metadata': `video ${btoa(made.id)}`,
    },
  })
  sent = await call(sent.headers.get('location') ?? '', {
    method: 'PATCH',
    headers: { 'tus-resumable': '1.0.0', 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    body: file,
  })
  expect(sent.status).toBe(204)
  return vi.waitFor(
    async () => {
      const look = (await (await call(`/api/videos/${made.id}/`)).json()) as VideoJson
      expect(look.status).toBe('ready')
      return look
    },
    { timeout: 40_000, interval: 200 },
  )
}

/** What stands over the picture now. */
const shown = (page: Page) =>
  page
    .locator('vod-player video')
    .evaluate((element) =>
      [...(element as HTMLVideoElement).textTracks]
        .filter(({ kind, mode }) => kind === 'subtitles' && mode === 'showing')
        .flatMap(({ activeCues }) => [...(activeCues ?? [])].map((cue) => (cue as VTTCue).getCueAsHTML().textContent)),
    )
const pause = (page: Page) =>
  page.locator('vod-player video').evaluate((element) => (element as HTMLVideoElement).pause())

it('a file of captions is uploaded, shown while it plays, and edited in place', async () => {
  const { page, problems } = visitor
  await page.goto(`${platform.url}/sign-in?next=/videos/${video.id}`)
  await page.locator('wa-input[name="email"] input').fill('teacher@ustat.local')
  await page.locator('wa-input[name="password"] input').fill('demo-password')
  await page.keyboard.press('Enter')
  await page.locator('edit-texts').getByRole('button', { name: 'Captions' }).click()
  await page.getByText('There are no captions yet.').waitFor()

  const choose = (name: string, buffer: Buffer) =>
    page.locator('caption-files input[type=file]').setInputFiles({ name, mimeType: 'application/x-subrip', buffer })
  await choose('talk.srt', Buffer.from(srt.replace('00:00:09,000', '00:00:05,000')))
  await page.getByText('Line 6: These words end before they begin.').waitFor()
  await choose('talk.srt', Buffer.from(srt))
  await page.locator('caption-files li').getByText('English').waitFor()

  await pause(page)
  await seek(page, 'vod-player', 2)
  await page.locator('vod-player media-controller').focus()
  await page.keyboard.press('c')
  await expect.poll(() => shown(page)).toEqual(['Hello & welcome'])

  await page.getByRole('button', { name: 'Edit English' }).click()
  await page.locator('cue-editor li').nth(1).locator('textarea').fill('See you')
  await seek(page, 'vod-player', 10)
  await page.getByRole('button', { name: 'Add at the current time' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Words are missing.').waitFor()
  await page.locator('cue-editor li').nth(2).locator('textarea').fill('<b>The end</b>')
  // What is not saved is not left without a question.
  await page.locator('app-header a[href="/"]').first().click()
  await page.getByText('What you changed here is not saved yet.').waitFor()
  await page.locator('body > confirm-dialog wa-button', { hasText: 'Cancel' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('caption-files li').getByText('captions: 3').waitFor()
  await expect.poll(() => shown(page)).toEqual(['The end'])
  await seek(page, 'vod-player', 7)
  await expect.poll(() => shown(page)).toEqual(['See you'])
  expect(problems).toEqual([])
})

it('chapters are made where the video stands, and jumped to', async () => {
  const { page, problems } = visitor
  await page.locator('edit-texts').getByRole('button', { name: 'Chapters' }).click()
  const editor = page.locator('chapters-editor')
  const add = async (seconds: number, title: string) => {
    await seek(page, 'vod-player', seconds)
    await editor.getByRole('button', { name: 'Add at the current time' }).click()
    await page.keyboard.type(title)
  }
  await add(3, 'Beginning')
  await add(8, 'Farewell')
  await add(5, 'Middle')
  expect(await editor.locator('.name').evaluateAll((all) => all.map((one) => (one as HTMLInputElement).value))).toEqual(
    ['Beginning', 'Middle', 'Farewell'],
  )
  await editor.getByRole('button', { name: 'Save' }).click()
  const list = page.locator('vod-player chapter-list')
  await list.getByRole('button', { name: 'Farewell' }).click()
  await expect.poll(() => positionOf(page, 'vod-player')).toBeCloseTo(8, 0)
  await expect.poll(() => list.locator('[aria-current]').textContent()).toContain('Farewell')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.locator('vod-player .chapter').textContent()).toBe('Middle')
  // A part of the seek bar for each.
  await expect.poll(() => page.locator('vod-player media-time-range #segments-clipping rect').count()).toBe(3)
  expect(problems).toEqual([])
})

it('a guest has them too, in the language that was on before', async () => {
  const { page, problems } = visitor
  const call = await platform.signIn('teacher@ustat.local')
  const another = `/api/videos/${video.id}/captions/ky/`
  await call(another, { method: 'PUT', body: srt, headers: { 'content-type': 'application/x-subrip' } })
  await page.context().clearCookies()
  await page.reload()
  await page.locator('vod-player chapter-list').getByText('Middle').waitFor()
  expect(await page.locator('edit-texts').count()).toBe(0)
  await pause(page)
  await seek(page, 'vod-player', 2)
  await expect.poll(() => shown(page)).toEqual(['Hello & welcome'])
  await page.locator('vod-player media-captions-menu-button').click()
  await page.locator('vod-player media-captions-menu').getByText('Off').click()
  await expect.poll(() => shown(page)).toEqual([])
  await page.reload()
  await page.locator('vod-player chapter-list').getByText('Middle').waitFor()
  await pause(page)
  await seek(page, 'vod-player', 2)
  await page.locator('vod-player track[srclang=ky]').waitFor({ state: 'attached' })
  expect(await shown(page)).toEqual([])
  expect(problems).toEqual([])
})
