import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { dirname, join } from 'node:path'
import { json } from 'node:stream/consumers'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { slug } from './channel.ts'

/** Somebody follows a channel; it goes live while they are on another page, and while they look at none. */
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

/** What a media process tells the api. */
async function report<Answer>(path: string, body: object): Promise<Answer> {
  const temporary = join(dirname(platform.dataDir), 'tmp')
  const [sockets = ''] = readdirSync(temporary).filter((name) =>
    readdirSync(join(temporary, name)).includes('api.sock'),
  )
  const { INTERNAL_SECRET } = JSON.parse(readFileSync(join(platform.dataDir, 'secrets.json'), 'utf8'))
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'x-internal-secret': INTERNAL_SECRET }
    const options = {
      socketPath: join(temporary, sockets, 'api.sock'),
      method: 'POST',
      path: `/internal${path}`,
      headers,
    }
    request(options, (answer) => resolve((answer.statusCode === 204 ? null : json(answer)) as Answer))
      .on('error', reject)
      .end(JSON.stringify(body))
  })
}

async function goLive(): Promise<string> {
  const stream_key = await platform.streamKey()
  const grant = { stream_key, node: 'nowhere', address: '192.0.2.1' }
  const { broadcast } = await report<{ broadcast: string }>('/ingest/authorize', grant)
  const started = { event_id: `${broadcast}:started`, node: 'nowhere', started_at: new Date().toISOString() }
  await report(`/broadcasts/${broadcast}/started`, started)
  return broadcast
}

async function end(broadcast: string): Promise<void> {
  const ended = { event_id: `${broadcast}:ended`, node: 'nowhere', ended_at: new Date().toISOString(), cause: null }
  await report(`/broadcasts/${broadcast}/ended`, ended)
}

/** Somebody's browser. Its push service is far away: it subscribes with a key of ours, and pushes come from the test. */
async function visit(email: string, { mayNotify }: { mayNotify: boolean }) {
  const context = await browser.newContext({ locale: 'en-US' })
  const answer = mayNotify ? 'granted' : 'denied'
  if (mayNotify) await context.grantPermissions(['notifications'])
  await context.addInitScript((answer) => {
    const { start } = OscillatorNode.prototype
    OscillatorNode.prototype.start = function (at) {
      const { dataset } = document.documentElement
      dataset.tones = String(Number(dataset.tones ?? 0) + 1)
      start.call(this, at)
    }
    Notification.requestPermission = async () => {
      document.documentElement.dataset.asked = 'yes'
      return answer as NotificationPermission
    }
    const p256dh = 'BFePryr89MsrxcT7Xn257qqOd3RBOc4eqAf4K12yl1buoyNsahw0bvZ1gc8KT8HJXHMnMFM7rNZrJa7EV-ElpsM'
    const endpoint = 'https://push.example.org/this-browser'
    const made = () => {
      const key = localStorage.getItem('subscribed')
      if (!key) return null
      const bytes = Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))
      return {
        endpoint,
        options: { applicationServerKey: bytes.buffer },
        toJSON: () => ({ endpoint, keys: { p256dh, auth: 'A'.repeat(22) } }),
        unsubscribe: async () => localStorage.removeItem('subscribed'),
      } as unknown as PushSubscription
    }
    PushManager.prototype.getSubscription = async () => made()
    PushManager.prototype.subscribe = async (options) => {
      localStorage.setItem('subscribed', String(options?.applicationServerKey))
      return made() as PushSubscription
    }
  }, answer)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (/content security policy/i.test(message.text())) problems.push(message.text())
  })
  await page.goto(`${platform.url}/sign-in`)
  await page.locator('wa-input[name="email"] input').fill(email)
  await page.locator('wa-input[name="password"] input').fill('demo-password')
  await page.keyboard.press('Enter')
  await expect.poll(() => page.url(), { timeout: 15_000 }).not.toContain('/sign-in')
  return { context, page, problems }
}

const bell = (page: Page) => page.locator('notice-bell .bell')
const toasts = (page: Page) => page.locator('wa-toast-item strong').allInnerTexts()

it('who follows a channel sees it go live: at the bell, in a toast, on its own page, without loading anything', async () => {
  const { page, problems } = await visit('student@ustat.local', { mayNotify: false })
  await page.goto(`${platform.url}/c/${slug}`)
  await page.getByRole('button', { name: 'Follow' }).click()
  await page.getByRole('button', { name: 'Following' }).waitFor()
  // Asked by the person alone; a refusal is explained.
  const asked = () => page.evaluate(() => document.documentElement.dataset.asked)
  expect(await asked()).toBeUndefined()
  await page.locator('follow-button').getByRole('button', { name: 'Turn on' }).click()
  await expect.poll(() => page.locator('follow-button device-switch p').textContent()).toMatch(/blocks notices/)
  expect(await asked()).toBe('yes')

  // What one turns on is heard at once, and then with each notice.
  await bell(page).click()
  const heard = () => page.evaluate(() => Number(document.documentElement.dataset.tones ?? 0))
  await page.getByRole('button', { name: 'Sound on' }).click()
  await page.getByRole('button', { name: 'Sound off' }).waitFor()
  expect(await heard()).toBe(2)
  await page.keyboard.press('Escape')

  await bell(page).waitFor()
  const before = Number((await bell(page).textContent())?.trim() || 0)
  await page.locator('.off').waitFor()
  const broadcast = await goLive()
  await expect.poll(() => toasts(page)).toEqual(['Демо-канал is live'])
  expect(await heard()).toBe(4)
  await expect.poll(async () => Number((await bell(page).textContent())?.trim())).toBe(before + 1)
  expect(await bell(page).getAttribute('aria-label')).toBe(`Notices, unread: ${before + 1}`)
  await page.locator('live-player').waitFor({ timeout: 5000 })
  expect(await page.locator('[data-wa-toast-live-region]').count()).toBe(1)
  // Five seconds, and it is gone by itself.
  await expect.poll(() => toasts(page), { timeout: 10_000 }).toEqual([])

  // By the keyboard alone: opened, read, and closed again.
  await bell(page).focus()
  await page.keyboard.press('Enter')
  const first = page.locator('notice-bell li').first()
  await first.waitFor()
  expect(await first.textContent()).toContain('Демо-канал is live')
  await page.keyboard.press('Escape')
  await expect.poll(() => page.locator('notice-bell li').count()).toBe(0)
  expect(await bell(page).evaluate((button) => button.matches(':focus'))).toBe(true)
  await bell(page).click()
  await page.getByRole('button', { name: 'Mark all as read' }).click()
  await expect.poll(async () => (await bell(page).textContent())?.trim()).toBe('')
  await page.keyboard.press('Escape')

  await end(broadcast)
  await page.locator('.off', { hasText: 'The show has ended' }).waitFor({ timeout: 5000 })
  await page.getByRole('button', { name: 'Following' }).click()
  await page.getByRole('button', { name: 'Follow', exact: true }).waitFor()
  expect(problems).toEqual([])
})

it('a browser that may be pushed to shows it when no page is there to, and only then; turned off it is forgotten', async () => {
  const { context, page, problems } = await visit('producer@ustat.local', { mayNotify: true })
  const { headers } = await fetch(`${platform.url}/service-worker.js`)
  expect([headers.get('content-type'), headers.get('cache-control')]).toEqual(['text/javascript', 'no-cache'])
  const push = await pusher(context, page)
  await bell(page).click()
  await page.getByRole('button', { name: 'Turn on' }).click()
  await page.getByRole('button', { name: 'Turn off' }).waitFor()
  const worker = context.serviceWorkers()[0]
  if (!worker) throw new Error('there is no service worker')
  const shown = () =>
    worker.evaluate(async () => {
      const { registration } = globalThis as unknown as { registration: ServiceWorkerRegistration }
      return (await registration.getNotifications()).map(({ title, body, tag }) => ({ title, body, tag }))
    })
  await page.keyboard.press('Escape')

  const notice = { id: 'live:1', title: 'Algebra is live', body: 'Roots', url: `/c/${slug}`, lang: 'en' }
  await push(notice)
  await expect.poll(() => toasts(page)).toEqual([notice.title])
  expect(await shown()).toEqual([])

  await page.goto('about:blank')
  await push({ ...notice, id: 'live:2' })
  await push({ ...notice, id: 'live:2' })
  await push('nonsense')
  await expect.poll(shown).toEqual([{ title: notice.title, body: notice.body, tag: 'live:2' }])

  const said = (method: string) =>
    page.waitForResponse((one) => one.url().includes('/push-subscriptions/') && one.request().method() === method)
  const again = said('POST')
  await page.goto(platform.url)
  expect((await again).status()).toBe(201)
  await bell(page).click()
  const off = said('DELETE')
  await page.getByRole('button', { name: 'Turn off' }).click()
  expect((await off).status()).toBe(204)
  await page.getByRole('button', { name: 'Turn on' }).click()
  await page.getByRole('button', { name: 'Turn off' }).waitFor()
  await page.keyboard.press('Escape')

  // The next person at this browser is not told what was meant for them.
  const left = said('DELETE')
  await page.getByRole('button', { name: 'Sign out' }).click()
  expect((await left).status()).toBe(204)
  await page.getByRole('link', { name: 'Sign in' }).waitFor()
  expect(await bell(page).count()).toBe(0)
  expect(problems).toEqual([])
})

it('a page keeps a connection for who is signed in, and none for a guest who is in no room', async () => {
  const context = await browser.newContext()
  const guest = await context.newPage()
  let connections = 0
  guest.on('websocket', () => {
    connections += 1
  })
  await guest.goto(platform.url)
  await guest.getByRole('link', { name: /Sign in|Войти/ }).waitFor()
  await guest.waitForLoadState('networkidle')
  expect(connections).toBe(0)
  await context.close()

  const { page } = await visit('teacher@ustat.local', { mayNotify: false })
  // What the page before this one opens late is not counted.
  await page.goto('about:blank')
  const opened: string[] = []
  page.on('websocket', (socket) => opened.push(socket.url()))
  await page.goto(platform.url)
  await expect.poll(() => opened.length).toBe(1)
  await page.evaluate((path) => {
    const link = Object.assign(document.createElement('a'), { href: path, textContent: 'there' })
    document.body.append(link)
    link.click()
  }, `/c/${slug}`)
  await page.locator('.off').waitFor()
  await page.locator('chat-panel').waitFor()
  // The same one serves the room.
  expect(opened).toHaveLength(1)
})

/** What the browser does when its push service has something for the page's service worker. */
async function pusher(context: BrowserContext, page: Page) {
  const session = await context.newCDPSession(page)
  let registrationId = ''
  session.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => {
    registrationId = registrations[0]?.registrationId ?? registrationId
  })
  await session.send('ServiceWorker.enable')
  return async (data: object | string) => {
    await expect.poll(() => registrationId).not.toBe('')
    await session.send('ServiceWorker.deliverPushMessage', {
      origin: platform.url,
      registrationId,
      data: typeof data === 'string' ? data : JSON.stringify(data),
    })
  }
}
