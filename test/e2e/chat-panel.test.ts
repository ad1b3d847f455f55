import { type Browser, chromium, type Page, type WebSocketRoute } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { slug } from './channel.ts'

/** The chat panel in the hands of a teacher and a learner. */
let platform: Platform
let browser: Browser

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

async function signIn(email: string, size = { width: 1280, height: 900 }): Promise<Page> {
  const context = await browser.newContext({ viewport: size, locale: 'en-US' })
  const page = await context.newPage()
  await page.goto(`${platform.url}/sign-in`)
  await page.locator('wa-input[name="email"] input').fill(email)
  await page.locator('wa-input[name="password"] input').fill('demo-password')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.url(), { timeout: 15_000 }).not.toContain('/sign-in')
  return page
}

async function visit(email: string): Promise<Page> {
  const page = await signIn(email)
  await page.goto(`${platform.url}/c/${slug}`)
  await page.locator('chat-panel textarea').waitFor()
  // Shown once the room has let them in.
  await page.locator('chat-panel .count').waitFor()
  return page
}

async function write(page: Page, text: string): Promise<void> {
  await page.locator('chat-panel textarea').fill(text)
  await page.keyboard.press('Enter')
}

/** Two browsers, two hubs and a database share two cores. */
const eventually = <T>(look: () => T) => expect.poll(look, { timeout: 20_000, interval: 25 })
const line = (page: Page, text: string) => page.locator('chat-panel li[data-id]', { hasText: text })
const scroll = (page: Page, by: number) =>
  page.locator('chat-list ol').evaluate((list, pixels) => list.scrollBy(0, pixels), by)

it('a class chats: old messages, mentions, emoji, order kept by keyboard, settings, and nothing unsent is lost', async () => {
  const [teacher, learner] = await Promise.all([visit('teacher@ustat.local'), visit('student@ustat.local')])
  // More than a join shows; an owner is not slowed down.
  await teacher.locator('chat-panel').evaluate(async (panel) => {
    const { chat } = panel as HTMLElementTagNameMap['chat-panel']
    for (let i = 1; i <= 130; i += 1) {
      chat.send(`Message number ${i}.`, undefined, undefined)
      // The hub takes twenty frames a second.
      await new Promise((resolve) => setTimeout(resolve, 60))
    }
  })
  await eventually(() => line(learner, 'number 130.').count()).toBe(1)

  await learner.reload()
  await line(learner, 'number 130.').waitFor()
  await eventually(async () => {
    await scroll(learner, -2000)
    return learner.locator('chat-list .head').textContent()
  }).toBe('The beginning of the chat')
  await line(learner, 'number 1.').waitFor()
  // What is read stays where it is, whatever is said meanwhile.
  const before = await line(learner, 'number 2.').boundingBox()
  await write(teacher, 'Something new.')
  await write(teacher, 'And more.')
  const newest = learner.locator('chat-list .newest')
  await eventually(() => newest.textContent()).toContain('2 new messages')
  expect(await line(learner, 'number 2.').boundingBox()).toEqual(before)
  await newest.click()
  await eventually(() => line(learner, 'And more.').isVisible()).toBe(true)
  expect(await newest.count()).toBe(0)

  // A name behind an @, chosen by keyboard; it stands out for the one who is meant.
  const name = (await learner.evaluate(
    async () => (await (await fetch('/api/auth/me/')).json()).display_name,
  )) as string
  await write(learner, 'I have a question')
  await line(teacher, 'I have a question').waitFor()
  await teacher.locator('chat-panel textarea').pressSequentially(`@${name.slice(0, 3)}`)
  await teacher.getByRole('option', { name }).waitFor()
  await teacher.keyboard.press('Enter')
  await teacher.keyboard.type('go on :rocke')
  await teacher.getByRole('option', { name: ':rocket:' }).waitFor()
  await teacher.keyboard.press('Enter')
  await teacher.keyboard.press('Enter')
  await eventually(() => learner.locator('chat-panel .mention.me').textContent()).toBe(`@${name}`)
  expect(await line(learner, 'go on').locator('.text').textContent()).toContain('go on 🚀')

  // The picker is served by us: its policy lets nothing else through.
  await learner.getByRole('button', { name: 'Emoji' }).click()
  await learner.locator('emoji-picker input').fill('pizza')
  await learner.locator('emoji-picker button[id="emo-🍕"]').click()
  await eventually(() => learner.locator('chat-panel textarea').inputValue()).toBe('🍕')
  await learner.keyboard.press('Escape')
  await learner.locator('chat-panel textarea').fill('something rude')
  await learner.locator('chat-panel textarea').press('Enter')

  // By keyboard alone: to the line, its menu, its last but one group; the focus comes back.
  await line(teacher, 'something rude').waitFor()
  await teacher.locator('chat-list ol').focus()
  await teacher.keyboard.press('ArrowUp')
  await teacher.keyboard.press('Enter')
  await teacher.getByRole('menuitem', { name: 'Reply' }).waitFor()
  await teacher.keyboard.press('d')
  await teacher.keyboard.press('Enter')
  for (const page of [teacher, learner]) await eventually(() => line(page, 'something rude').count()).toBe(0)

  // Who is banned is asked about first, and is told.
  await line(teacher, 'I have a question').hover()
  await line(teacher, 'I have a question')
    .getByRole('button', { name: /More about/ })
    .click()
  await teacher.getByRole('menuitem', { name: 'Ban…' }).click()
  await teacher.locator('confirm-dialog wa-button', { hasText: 'Ban' }).click()
  await eventually(() => learner.locator('chat-panel textarea').getAttribute('placeholder')).toBe(
    'You cannot write in this chat.',
  )
  await teacher.getByRole('button', { name: 'Chat settings' }).click()
  await teacher.locator('chat-settings summary', { hasText: 'Who may not write' }).click()
  await teacher
    .locator('room-bans')
    .getByRole('button', { name: /write again/ })
    .click()
  await eventually(() => learner.locator('chat-panel textarea').isEnabled()).toBe(true)

  // Settings hold at once, and everybody is told.
  await teacher.locator('chat-settings summary', { hasText: 'Blocked words' }).click()
  await teacher.locator('room-terms input').fill('Durian')
  await teacher.keyboard.press('Enter')
  await teacher.locator('room-terms li', { hasText: 'durian' }).waitFor()
  await teacher.locator('chat-settings select').nth(1).selectOption('30')
  await eventually(() => learner.locator('chat-panel .rules').textContent()).toBe('Slow mode: 30 sec')
  await write(learner, 'I like durian')
  await learner.locator('chat-panel li.refused', { hasText: 'There is a word in it that is blocked here.' }).waitFor()
  await learner.getByRole('button', { name: 'Discard' }).click()
  await teacher.locator('chat-settings select').first().selectOption('mods')
  await eventually(() => learner.locator('chat-panel textarea').getAttribute('placeholder')).toBe('Moderators only')
  await teacher.locator('chat-settings select').first().selectOption('all')
  await teacher.keyboard.press('Escape')
  await eventually(() => learner.locator('chat-panel textarea').isEnabled()).toBe(true)

  // Kept over a hub that is gone and a page that is loaded again.
  await learner.context().setOffline(true)
  for (const hub of ['chat-1', 'chat-2'] as const) process.kill(platform.processId(hub), 'SIGKILL')
  await eventually(() => learner.locator('chat-panel .state').count()).toBe(1)
  await write(learner, 'said into the void')
  await learner.locator('chat-panel textarea').fill('half a thought')
  await learner.context().setOffline(false)
  await learner.reload()
  await eventually(() => learner.locator('chat-panel textarea').inputValue()).toBe('half a thought')
  for (const page of [teacher, learner]) {
    await eventually(() => line(page, 'said into the void').count()).toBe(1)
  }

  // Found again by its words, and shown where it was said.
  await teacher.getByRole('button', { name: 'Search in the chat' }).click()
  await teacher.locator('chat-search input').fill('question')
  await teacher.keyboard.press('Enter')
  await teacher.getByRole('button', { name: 'Show in the chat' }).click()
  await eventually(() => line(teacher, 'I have a question').evaluate((each) => each.matches(':focus'))).toBe(true)
  await teacher.getByRole('button', { name: 'Who is here' }).click()
  await teacher.locator('chat-people li', { hasText: name }).waitFor()
}, 180_000)

it('stays smooth at fifty messages a second, and its composer in sight above a phone’s keyboard', async () => {
  const page = await signIn('student@ustat.local')
  let hub: WebSocketRoute | null = null
  const tell = (frame: object) => hub?.send(JSON.stringify({ room: 'channel-1', e: 'e', ...frame }))
  const said = (s: number) => ({
    s,
    ts: Date.now(),
    k: 'msg',
    u: `u:${s % 50}`,
    n: `Person ${s % 50}`,
    r: 1,
    b: `**Text** of message ${s}, https://example.org/${s} @Person 7`,
  })
  await page.routeWebSocket('**/ws', (socket) => {
    hub = socket
    socket.onMessage((message) => {
      const { t, room } = JSON.parse(String(message)) as { t: string; room: string }
      if (t !== 'join') return
      const set = { slow: 0, mode: 'all', frozen: false, notices: 'moderators', emotes: 0 }
      const m = Array.from({ length: 100 }, (_, index) => said(index + 1))
      tell({ t: 'joined', room, s: 100, recovered: false, m, n: 5, pin: null, set, rank: 1, modes: ['all', 'emote'] })
    })
    tell({ t: 'hello', v: 1, node: 'n', now: Date.now(), uid: 'u:1', name: 'x', resume: 'r', hb: 25 })
  })
  await page.goto(`${platform.url}/c/${slug}`)
  await line(page, 'message 100,').waitFor()
  await page.evaluate(() => {
    const tasks: number[] = []
    Object.assign(window, { tasks })
    // What a screen reader is told: elements in shadow roots, so they are looked at where they are.
    const panel = document.querySelector('channel-page')?.shadowRoot?.querySelector('chat-panel')
    const words = panel?.shadowRoot?.querySelector('chat-list')?.shadowRoot?.querySelector('live-words')
    const spoken: string[] = []
    Object.assign(window, { spoken })
    if (words?.shadowRoot) {
      new MutationObserver(() => spoken.push(words.shadowRoot?.textContent?.trim() ?? '')).observe(words.shadowRoot, {
        subtree: true,
        characterData: true,
        childList: true,
      })
    }
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    })
  })
  const room = await page.locator('chat-panel').evaluate((panel) => (panel as HTMLElementTagNameMap['chat-panel']).room)
  let s = 100
  const began = performance.now()
  await eventually(() => {
    for (const due = 100 + (performance.now() - began) / 20; s < Math.min(due, 350); s += 1) {
      tell({ t: 'b', room, m: [said(s + 1)] })
    }
    return s
  }).toBe(350)
  await line(page, 'message 350,').waitFor()
  const longest = await page.evaluate(() => Math.max(0, ...(window as unknown as { tasks: number[] }).tasks))
  expect(longest).toBeLessThan(200)
  expect(await page.locator('chat-list li').count()).toBeLessThan(250)
  // Two hundred and fifty messages in five seconds are one or two sentences.
  await eventually(() => page.evaluate(() => (window as unknown as { spoken: string[] }).spoken.join(' | '))).toMatch(
    /^\d+ new messages\. Person \d+: [^|]+( \| \d+ new messages\. [^|]+)?$/,
  )
  expect(
    await page.locator('chat-list ol').evaluate((list) => list.scrollHeight - list.scrollTop - list.clientHeight),
  ).toBeLessThan(2)

  await page.setViewportSize({ width: 390, height: 844 })
  await page.locator('chat-panel textarea').click()
  await page.setViewportSize({ width: 390, height: 420 })
  await eventually(async () => {
    const box = await page.locator('chat-panel textarea').boundingBox()
    return box !== null && box.y >= 0 && box.y + box.height <= 420
  }).toBe(true)
}, 60_000)
