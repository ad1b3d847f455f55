import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Tag } from '../../server/courses/tag.ts'
import { PASSWORD, startServer, type TestServer } from '../support/server.ts'
import { openBrowser } from './browser.ts'

let server: TestServer
let origin: string
beforeAll(async () => {
  server = await startServer()
  origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  const em = server.context.orm.em.fork()
  em.create(Tag, { name: 'Каллиграфия', slug: 'calligraphy' })
  await em.flush()
})
afterAll(() => server[Symbol.asyncDispose]())

it('opens Swagger UI under its policy, and calls made from it are answered', async () => {
  await using visitor = await openBrowser()
  const { page, problems } = visitor
  await page.goto(`${origin}/api/docs/`)

  await page.locator('#operations-tag-Catalogue').click()
  const tags = page.locator('#operations-Catalogue-get_tags')
  await tags.locator('.opblock-summary-control').click()
  await tags.getByRole('button', { name: 'Try it out' }).click()
  await tags.getByRole('button', { name: 'Execute' }).click()
  const answer = tags.locator('.live-responses-table')
  await answer.getByText('Каллиграфия').waitFor()
  expect(await answer.locator('tbody .response-col_status').first().textContent()).toContain('200')
  expect(problems).toEqual([])
})

it('sends the token of the session with what changes something', async () => {
  const person = await server.register('student')
  await using visitor = await openBrowser()
  const { page, problems } = visitor
  await page.goto(`${origin}/api/docs/`)
  const status = await page.evaluate(
    async (login) => {
      const answer = await fetch('/api/auth/login/', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(login),
      })
      return answer.status
    },
    { email: person.email, password: PASSWORD, session: true },
  )
  expect(status).toBe(200)

  await page.locator('#operations-tag-Accounts').click()
  const signOut = page.locator('#operations-Accounts-post_auth_logout')
  await signOut.locator('.opblock-summary-control').click()
  await signOut.getByRole('button', { name: 'Try it out' }).click()
  await signOut.getByRole('button', { name: 'Execute' }).click()
  const answer = signOut.locator('.live-responses-table tbody .response-col_status').first()
  await answer.waitFor()
  expect(await answer.textContent()).toContain('204')
  expect(problems).toEqual([])
})
