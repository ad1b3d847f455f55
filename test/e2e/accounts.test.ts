import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { openBrowser } from './browser.ts'

/** Mails and the pages that their links lead to, on an installation without a mail server. */
let platform: Platform
beforeAll(async () => {
  platform = await startPlatform()
})
afterAll(() => platform?.[Symbol.asyncDispose]())

const EMAIL = 'aigul@example.org'
const [FIRST, SECOND] = ['felt and wool 7', 'violet umbrella 9']

/** The newest mail to the newcomer with that subject, as an admin finds it. */
async function linkIn(subject: RegExp): Promise<string> {
  const admin = await platform.signIn('admin@ustat.local')
  let found = ''
  await expect
    .poll(
      async () => {
        const { results } = (await (await admin('/api/admin/outbox/')).json()) as {
          results: { to: string; subject: string; text: string }[]
        }
        const mail = results.find((one) => one.to === EMAIL && subject.test(one.subject))
        found = /https?:\/\/\S+\?token=[\w-]+/.exec(mail?.text ?? '')?.[0] ?? ''
        return found
      },
      { timeout: 30_000 },
    )
    .not.toBe('')
  const { pathname, search } = new URL(found)
  return `${platform.url}${pathname}${search}`
}

async function login(password: string): Promise<{ status: number; isVerified: boolean | undefined }> {
  const answer = await fetch(`${platform.url}/api/auth/login/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: EMAIL, password }),
  })
  const body = (await answer.json()) as { user?: { is_verified: boolean } }
  return { status: answer.status, isVerified: body.user?.is_verified }
}

it('signs up, confirms the address by a button, and sets a forgotten password anew', async () => {
  await using visitor = await openBrowser()
  const { page, problems } = visitor
  await page.goto(`${platform.url}/sign-up`)
  for (const [field, value] of [
    ['first_name', 'Aigul'],
    ['last_name', 'Akhmetova'],
    ['email', EMAIL],
    ['password', FIRST],
  ]) {
    await page.locator(`wa-input[name="${field}"] input`).fill(value ?? '')
  }
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.getByRole('button', { name: 'Sign out' }).waitFor()

  const confirm = await linkIn(/confirm/i)
  // As a mail scanner does.
  expect((await fetch(confirm)).status).toBe(200)
  expect(await login(FIRST)).toEqual({ status: 200, isVerified: false })
  await page.goto(confirm)
  await page.getByRole('button', { name: 'Confirm the address' }).click()
  await page.getByText('Your address is confirmed.').waitFor()
  expect(page.url()).not.toContain('token')
  expect(await login(FIRST)).toEqual({ status: 200, isVerified: true })
  await page.goto(confirm)
  await page.getByRole('button', { name: 'Confirm the address' }).click()
  await page.getByText('used already').waitFor()
  await page.getByRole('button', { name: 'Send a new link' }).waitFor()

  await page.goto(`${platform.url}/account/reset`)
  await page.locator('wa-input[name="email"] input').fill(EMAIL)
  await page.getByRole('button', { name: 'Send me a link' }).click()
  await page.getByText('a message is on its way').waitFor()
  await page.goto(await linkIn(/password/i))
  const field = page.locator('wa-input[name="new_password"] input')
  await field.fill('password123')
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByText('Everybody guesses this password first.').waitFor()
  await field.fill(SECOND)
  await page.getByRole('button', { name: 'Set the password' }).click()
  await page.getByText('The new password is set.').waitFor()
  expect((await login(FIRST)).status).toBe(401)
  expect((await login(SECOND)).status).toBe(200)
  expect(problems).toEqual([])
})

it('shows an admin the outbox, in Russian too, and a guest a refusal', async () => {
  await using visitor = await openBrowser()
  const { page } = visitor
  await page.goto(`${platform.url}/admin/outbox`)
  await page.getByText('Sign in first.').waitFor()
  await page.goto(`${platform.url}/sign-in?next=/admin/outbox`)
  await page.locator('wa-input[name="email"] input').fill('admin@ustat.local')
  await page.locator('wa-input[name="password"] input').fill('demo-password')
  await page.locator('wa-button[type="submit"]').click()
  const mail = page.getByText('Confirm your e-mail address')
  await mail.click()
  await page.locator('a[href*="/account/verify?token="]').waitFor()
  await page.getByRole('button', { name: 'Русский' }).click()
  await page.getByRole('heading', { name: 'Исходящие письма' }).waitFor()

  // A page that could not ask who it is asks again by itself.
  await page.route('**/api/auth/csrf/', (route) => route.abort(), { times: 2 })
  await page.goto(platform.url)
  await page.getByRole('button', { name: 'Выйти' }).waitFor()
})
