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

  // Nor does one whose code could not be fetched stay empty, and it is there once the line is.
  await page.route('**/assets/**', (route) => route.abort())
  await page.getByRole('link', { name: 'Курсы', exact: true }).click()
  await page.getByRole('heading', { name: 'Страница не загрузилась' }).waitFor()
  await page.unroute('**/assets/**')
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await page.getByRole('heading', { name: 'Курсы', exact: true }).waitFor()
})

it('lets its owner rename the account, change its password, sign other devices out and delete it', async () => {
  const email = 'timur@example.org'
  const [first, second] = ['green kettle 41', 'seven quiet geese']
  const call = (path: string, body: object) =>
    fetch(`${platform.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'curl/8.14' },
      body: JSON.stringify(body),
    })
  await call('/api/auth/register/', { email, password: first, first_name: 'Timur', last_name: 'Ospanov' })
  const mayEnter = async (password: string) => (await call('/api/auth/login/', { email, password })).ok

  await using visitor = await openBrowser()
  const { page, problems } = visitor
  await page.goto(`${platform.url}/account`)
  await page.locator('wa-input[name="email"] input').fill(email)
  await page.locator('wa-input[name="password"] input').fill(first)
  await page.locator('wa-button[type="submit"]').click()
  await page.getByText('Not confirmed yet.').waitFor()

  await page.locator('profile-form wa-input[name="display_name"] input').fill('Timur the Tall')
  await page.locator('profile-form wa-input[name="first_name"] input').fill('Tima')
  await page.locator('profile-form wa-button').click()
  await page.getByRole('link', { name: 'Your account: Tima' }).waitFor()

  expect(await mayEnter(first)).toBe(true)
  await page.reload()
  const other = page.getByRole('button', { name: 'Sign out: curl' })
  await other.first().click()
  await other.waitFor({ state: 'detached' })

  const passwords = page.locator('password-form')
  await passwords.locator('wa-input[name="current_password"] input').fill('not this one')
  await passwords.locator('wa-input[name="new_password"] input').fill(second)
  await passwords.locator('wa-button').click()
  await page.getByText('This is not your password.').waitFor()
  await passwords.locator('wa-input[name="current_password"] input').fill(first)
  await passwords.locator('wa-button').click()
  await page.getByText('The password is changed.').first().waitFor()
  expect([await mayEnter(first), await mayEnter(second)]).toEqual([false, true])

  await page.locator('account-end input').fill(second)
  await page.locator('account-end wa-button[type="submit"]').click()
  await page.locator('account-end confirm-dialog wa-button[variant="danger"]').click()
  await page.getByRole('link', { name: 'Sign in' }).waitFor()
  expect(await mayEnter(second)).toBe(false)
  expect(problems).toEqual([])
})
