import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { slug } from './channel.ts'

/** A class talks: its teacher, a learner and a guest on a phone, in the pages of the product. */
let platform: Platform
let browser: Awaited<ReturnType<typeof chromium.launch>>

beforeAll(async () => {
  ;[platform, browser] = await Promise.all([
    startPlatform(),
    chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] }),
  ])
})

afterAll(async () => {
  await browser?.close()
  await platform?.[Symbol.asyncDispose]()
})

async function visit(email: string | null, size = { width: 1280, height: 900 }) {
  const context = await browser.newContext({ viewport: size, locale: 'en-US' })
  const page = await context.newPage()
  if (email) {
    await page.goto(`${platform.url}/sign-in`)
    await page.locator('wa-input[name="email"] input').fill(email)
    await page.locator('wa-input[name="password"] input').fill('demo-password')
    await page.keyboard.press('Enter')
    await expect.poll(() => page.url(), { timeout: 15_000 }).not.toContain('/sign-in')
  }
  await page.goto(`${platform.url}/c/${slug}`)
  await page.locator('chat-panel h2').waitFor()
  return page
}

const said = (page: Awaited<ReturnType<typeof visit>>) => page.locator('chat-panel li .text').allInnerTexts()

it('a class talks, its teacher keeps order, and a hub that is killed takes nothing with it', async () => {
  const teacher = await visit('teacher@ustat.local')
  const learner = await visit('student@ustat.local')
  const guest = await visit(null, { width: 390, height: 844 })
  const write = async (page: typeof teacher, text: string) => {
    await page.locator('chat-panel textarea').fill(text)
    await page.keyboard.press('Enter')
  }
  await write(teacher, 'Welcome to **class**')
  for (const page of [teacher, learner, guest]) await expect.poll(() => said(page)).toEqual(['Welcome to class'])
  await write(learner, 'A question: @Марат, why?')
  await write(learner, 'something rude')
  for (const page of [teacher, learner, guest]) await expect.poll(async () => (await said(page)).length).toBe(3)
  await expect.poll(() => guest.locator('chat-panel .count').textContent(), { timeout: 10_000 }).toMatch(/3/)
  expect(await guest.locator('chat-panel textarea').count()).toBe(0)
  expect(await guest.locator('chat-panel .guest a').getAttribute('href')).toContain('/sign-in')

  const rude = teacher.locator('chat-panel li', { hasText: 'something rude' })
  await rude.hover()
  await rude.getByRole('button', { name: /More about/ }).click()
  await teacher.getByRole('menuitem', { name: 'Delete', exact: true }).click()
  for (const page of [teacher, learner, guest]) await expect.poll(async () => (await said(page)).length).toBe(2)

  // Whoever writes while no hub is there sees it wait, and then go out.
  // They are back soon: the page is asked beforehand to tell of the moment between.
  const isTold = learner.locator('chat-panel .state').waitFor()
  for (const hub of ['chat-1', 'chat-2'] as const) process.kill(platform.processId(hub), 'SIGKILL')
  await isTold
  await write(learner, 'after the crash')
  for (const page of [teacher, learner, guest]) {
    await expect.poll(() => said(page), { timeout: 20_000 }).toContain('after the crash')
  }
  process.kill(platform.processId('redis'), 'SIGKILL')
  await write(teacher, 'after Redis')
  for (const page of [teacher, learner, guest]) {
    await expect
      .poll(async () => (await said(page)).slice(1), { timeout: 30_000 })
      .toEqual(['A question: @Марат, why?', 'after the crash', 'after Redis'])
  }
}, 120_000)
