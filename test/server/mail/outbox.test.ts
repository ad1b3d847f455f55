import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Mail } from '../../../server/mail/queue-mail.ts'
import { sendMail } from '../../../server/mail/send-mail.job.ts'
import { takeJobs } from '../../support/mail.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

it('shows an admin the mails that nobody sends, newest first, page by page, and nobody else', async () => {
  const admin = await server.signIn(await server.register('admin'))
  expect((await admin.get('/api/admin/outbox/').expect(200)).body).toMatchObject({ count: 0, results: [] })
  for (const name of ['first', 'second', 'third']) {
    await server
      .visitor()
      .post('/api/auth/register/')
      .send({ email: `${name}@example.org`, password: PASSWORD, first_name: name, last_name: 'Reader' })
      .expect(202)
    for (const mail of await takeJobs<Mail>(server, 'send-mail')) await sendMail(server.context, mail)
  }
  const { body } = await admin.get('/api/admin/outbox/?page_size=2').expect(200)
  expect(body).toMatchObject({ count: 3, previous: null })
  expect(body.results.map(({ to }: { to: string }) => to)).toEqual(['third@example.org', 'second@example.org'])
  const [{ text }] = body.results
  const token = /\?token=([\w-]+)/.exec(text)?.[1]
  await server.visitor().post('/api/auth/verify-email/').send({ token }).expect(200)

  await server.visitor().get('/api/admin/outbox/').expect(401)
  for (const role of ['student', 'teacher', 'producer'] as const) {
    await (await server.signIn(await server.register(role))).get('/api/admin/outbox/').expect(403)
  }
})
