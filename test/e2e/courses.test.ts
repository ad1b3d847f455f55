import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CourseJson } from '../../server/courses/contract.ts'
import { type Call, type Platform, startPlatform } from '../support/platform.ts'
import { untilLive, untilRecorded } from './channel.ts'
import { publish } from './publisher.ts'

/** A course from the stream that becomes its lesson to the learner who bought it, in the pages of the product. */
let platform: Platform
let browser: Browser
/** As the payment page sends people back: sessions are of one host. */
let url: string
const problems: string[] = []

beforeAll(async () => {
  ;[platform, browser] = await Promise.all([
    startPlatform(),
    chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required'],
    }),
  ])
  url = platform.url.replace('127.0.0.1', 'localhost')
})

afterAll(async () => {
  await browser?.close()
  await platform?.[Symbol.asyncDispose]()
})

async function visit(email: string, path: string, size = { width: 1280, height: 900 }): Promise<Page> {
  const context = await browser.newContext({ viewport: size, locale: 'en-US' })
  const page = await context.newPage()
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) problems.push(message.text())
  })
  await page.goto(`${url}/sign-in?next=${encodeURIComponent(path)}`)
  await page.locator('wa-input[name="email"] input').fill(email)
  await page.locator('wa-input[name="password"] input').fill('demo-password')
  await page.keyboard.press('Enter')
  await page.waitForURL((at) => at.pathname === path)
  return page
}

/** A show of a few seconds. */
async function record(): Promise<string> {
  const publisher = await publish(await platform.publishUrl())
  const { recording } = await untilLive(platform)
  await publisher.stop()
  return (await untilRecorded(platform, recording)).id
}

/** A film of eight seconds from the teacher's disk, ready to be watched. */
async function uploadFilm(call: Call): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'ustat-film-'))
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '25']
  const input = ['-f', 'lavfi', '-i', 'testsrc2=size=160x120:rate=25:duration=8']
  execFileSync('ffmpeg', ['-v', 'error', ...input, ...encode, join(root, 'film.mp4')])
  const bytes = readFileSync(join(root, 'film.mp4'))
  rmSync(root, { recursive: true })
  const post = async (path: string, init: RequestInit) => {
    const answer = await call(path, init)
    expect(answer.ok, `${path}: ${answer.status}`).toBe(true)
    return answer
  }
  const announced = await post('/api/videos/', {
    method: 'POST',
    body: JSON.stringify({ file_name: 'film.mp4', size: bytes.length }),
  })
  const { id } = (await announced.json()) as { id: string }
  const tus = { 'tus-resumable': '1.0.0', 'content-type': 'application/offset+octet-stream' }
  const named = `video ${Buffer.from(id).toString('base64')}`
  await post('/api/uploads', {
    method: 'POST',
    headers: { ...tus, 'upload-length': String(bytes.length), 'upload-metadata': named },
  })
  await post(`/api/uploads/${id}`, { method: 'PATCH', headers: { ...tus, 'upload-offset': '0' }, body: bytes })
  const status = async () => ((await (await call(`/api/videos/${id}/`)).json()) as { status: string }).status
  await expect.poll(status, { timeout: 30_000 }).toBe('ready')
  return id
}

const soldCourse = async (call: Call): Promise<CourseJson> =>
  (await (await call('/api/courses/zvuk-kotoryy-khochetsya-slushat/')).json()) as CourseJson

const quiz = {
  title: 'What did you hear?',
  content_type: 'quiz',
  quiz: {
    pass_score: 100,
    questions: [
      {
        ...{ id: 'q1', type: 'single', text: 'What hears the room?', answer: 'b' },
        options: [
          { id: 'a', text: 'A dynamic microphone' },
          { id: 'b', text: 'A condenser microphone' },
        ],
      },
      { id: 'q2', type: 'number', text: 'How many ears?', answer: 2 },
    ],
  },
}

it('a recording becomes a lesson, and who buys the course watches it, passes its quiz and talks in its room', async () => {
  const recording = await record()
  const teacher = await visit('teacher@ustat.local', `/recordings/${recording}`)
  await teacher.getByRole('button', { name: 'Make it a lesson' }).click()
  await teacher.getByRole('combobox', { name: 'Course' }).selectOption({ label: 'Звук, который хочется слушать' })
  await teacher.locator('make-lesson wa-input[name="title"] input').fill('How a room sounds')
  await teacher.getByRole('button', { name: 'Make the lesson' }).click()
  await teacher.getByRole('link', { name: 'See the lesson' }).click()
  await teacher.getByRole('heading', { name: 'How a room sounds' }).waitFor()
  await teacher.locator('vod-player video').waitFor()
  const call = await platform.signIn('teacher@ustat.local')
  const [module] = (await soldCourse(call)).modules
  const made = await call(`/api/modules/${module?.id}/lessons/`, { method: 'POST', body: JSON.stringify(quiz) })
  expect(made.status).toBe(201)
  const film = await call(`/api/videos/${await uploadFilm(call)}/lesson/`, {
    method: 'POST',
    body: JSON.stringify({ module: module?.id, title: 'A room on film' }),
  })
  expect(film.status).toBe(201)

  // Found by its name, bought at the provider's page, open when the provider has told.
  const student = await visit('student@ustat.local', '/courses')
  await student.getByRole('combobox', { name: 'Search courses' }).fill('звук')
  await student.getByRole('option', { name: 'Звук, который хочется слушать' }).click()
  await student.getByRole('button', { name: 'Buy the course' }).click()
  await student.waitForURL(/\/api\/payments\/sandbox\//)
  await student.locator('form[action$="/pay/"] button').click()
  await student.waitForURL(/\/courses\/zvuk/)
  await student.getByRole('link', { name: 'Start learning' }).click()
  await student.getByRole('button', { name: 'Mark as read' }).click()
  await student.locator('.ways .done').waitFor()

  await student
    .locator('course-outline')
    .getByRole('link', { name: /How a room sounds/ })
    .click()
  await student.getByRole('heading', { name: 'How a room sounds' }).waitFor()
  // Watched to its end, the lesson is completed without a click.
  await student.locator('.ways .done').waitFor({ timeout: 30_000 })
  await student.getByRole('link', { name: 'Next' }).click()

  await student.getByLabel('A dynamic microphone').check()
  await student.getByLabel('Your answer').fill('2')
  await student.getByRole('button', { name: 'Check my answers' }).click()
  await student.getByText('Not passed yet').waitFor()
  await student.getByRole('button', { name: 'Try again' }).click()
  await student.getByLabel('A condenser microphone').check()
  await student.getByLabel('Your answer').fill('2')
  await student.getByRole('button', { name: 'Check my answers' }).click()
  await student.getByText('Passed!').waitFor()
  const learner = await platform.signIn('student@ustat.local')
  await expect.poll(async () => (await soldCourse(learner)).progress?.completed_lessons).toBe(3)

  // A video: who jumps to its end has not seen it; who watches it has, also at twice the speed.
  await student.getByRole('link', { name: 'Next' }).click()
  await student.getByRole('heading', { name: 'A room on film' }).waitFor()
  const video = student.locator('vod-player video')
  const playFrom = (seconds: number, rate: number) =>
    video.evaluate(
      async (element, given) => {
        const player = element as HTMLVideoElement
        player.currentTime = given.seconds
        player.playbackRate = given.rate
        await player.play()
      },
      { seconds, rate },
    )
  await expect.poll(() => video.evaluate((player) => (player as HTMLVideoElement).readyState)).toBeGreaterThan(2)
  await playFrom(6.5, 1)
  await student.getByText(/^\d+% watched$/).waitFor()
  expect(await student.locator('.ways .done').count()).toBe(0)
  expect((await soldCourse(learner)).progress?.completed_lessons).toBe(3)
  await playFrom(0, 2)
  await student.locator('.ways .done').waitFor({ timeout: 15_000 })
  await expect.poll(async () => (await soldCourse(learner)).progress?.completed_lessons).toBe(4)

  // The class's room, beside the lesson.
  for (const page of [teacher, student]) {
    await page.getByRole('button', { name: 'Chat', exact: true }).last().click()
    await page.locator('chat-panel textarea').waitFor()
  }
  await student.locator('chat-panel textarea').fill('Which microphone is yours?')
  await student.keyboard.press('Enter')
  await teacher.locator('chat-panel').getByText('Which microphone is yours?').waitFor()
}, 120_000)

it('a stranger is shown what the course costs, and nothing of its lessons and its room', async () => {
  const { id, modules } = await soldCourse(await platform.signIn('teacher@ustat.local'))
  const locked = modules[0]?.lessons.find(({ is_free }) => !is_free)?.id
  const stranger = await visit('producer@ustat.local', `/learn/zvuk-kotoryy-khochetsya-slushat/${locked}`)
  await stranger.getByRole('heading', { name: 'This lesson is for those who learn here' }).waitFor()
  await stranger.getByRole('button', { name: 'Buy the course' }).waitFor()
  expect(await stranger.locator('chat-panel, vod-player, rich-html').count()).toBe(0)
  // Also who puts the panel there by hand is not let in.
  await stranger.goto(`${url}/c/demo`)
  await stranger
    .locator('chat-panel')
    .getByText(/viewer/)
    .waitFor()
  await stranger.locator('chat-panel').evaluate((panel, room) => {
    ;(panel as HTMLElementTagNameMap['chat-panel']).room = room
  }, `course-${id}`)
  await stranger.locator('chat-panel textarea').waitFor({ state: 'detached' })
  expect(await stranger.locator('chat-panel').getByText('Which microphone is yours?').count()).toBe(0)
}, 60_000)

it('a teacher makes a course of modules and lessons, brings them into an order, and is told what it still needs', async () => {
  const page = await visit('teacher@ustat.local', '/teach')
  await page.locator('wa-input[name="title"] input').fill('Light in one evening')
  await page.getByRole('button', { name: 'Create' }).click()
  for (const module of ['Basics', 'Practice']) {
    await page.locator('outline-editor .new input').fill(module)
    await page.getByRole('button', { name: 'Add the module' }).click()
    await page.getByRole('heading', { name: module }).waitFor()
  }
  const dialog = page.locator('lesson-dialog')
  for (const [title, text] of [
    ['One lamp', 'In front of the face.'],
    ['Two lamps', 'One of them behind.'],
  ] as const) {
    await page.getByRole('region', { name: 'Basics' }).getByRole('button', { name: 'Add a lesson' }).click()
    await dialog.locator('.kind', { hasText: 'Reading' }).click()
    await dialog.locator('wa-input[name="title"] input').fill(title)
    await dialog.locator('rich-editor .text').fill(text)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('button', { name: `Edit “${title}”` }).waitFor()
  }
  const order = async () => {
    const course = await (
      await (
        await platform.signIn('teacher@ustat.local')
      )('/api/courses/light-in-one-evening/')
    ).json()
    return (course as CourseJson).modules.map(({ lessons }) => lessons.map(({ title }) => title))
  }
  const down = page.getByRole('button', { name: 'Move “One lamp” down' })
  // A dialog that is still closing gives the focus back when it is gone, away from the button.
  await expect.poll(() => page.locator('wa-dialog[open], dialog[open]').count()).toBe(0)
  await down.press('Enter')
  await expect.poll(order).toEqual([['Two lamps', 'One lamp'], []])
  // The focus went along: the same key once more leads into the next module.
  await page.keyboard.press('Enter')
  await expect.poll(order).toEqual([['Two lamps'], ['One lamp']])
  await page.getByRole('button', { name: 'Send it to review' }).click()
  await page.getByText('A short description').waitFor()
  expect(await page.locator('publish-panel .missing li').allInnerTexts()).toEqual(
    expect.arrayContaining(['A description', 'A category', 'A picture']),
  )
}, 60_000)

it('the catalogue keeps its filters in the address, on a phone in a drawer', async () => {
  const page = await visit('student@ustat.local', '/courses', { width: 390, height: 844 })
  await page.getByRole('button', { name: 'Filters' }).click()
  await page.getByRole('link', { name: 'Free', exact: true }).click()
  await page.getByRole('button', { name: 'Show courses: 1' }).click()
  await expect.poll(() => page.url()).toBe(`${url}/courses?is_free=true`)
  await expect.poll(() => page.locator('course-card h3').allInnerTexts()).toEqual(['Первый урок в прямом эфире'])
  await page.goto(`${url}/courses?search=nothing+like+this&is_free=true`)
  await page.getByText('No course fits.').waitFor()
  await page.getByRole('button', { name: 'Clear filters' }).click()
  await page.getByRole('button', { name: 'Show all courses' }).click()
  await expect.poll(() => page.locator('course-card').count()).toBe(2)
  await page.goBack()
  await page.getByText('No course fits.').waitFor()
  expect(problems).toEqual([])
}, 60_000)
