import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createMailer } from '../../../server/mail/mailer.ts'
import { Outbox } from '../../../server/mail/outbox.ts'
import { type Mail, mailTemplates, queueMail } from '../../../server/mail/queue-mail.ts'
import { sendMail } from '../../../server/mail/send-mail.job.ts'
import { type MailServer, startMailServer, takeJobs } from '../../support/mail.ts'
import { freePort } from '../../support/ports.ts'
import { startServer, type TestServer } from '../../support/server.ts'

const directory = mkdtempSync(join(tmpdir(), 'ustat-mail-'))
const message = { to: 'one@example.org', subject: 'A subject', text: 'Words.', html: '<p>Words.</p>' }
const mailerOver = (smtpUrl: string | null, outbox = directory) =>
  createMailer({ smtpUrl, from: 'Ustat <no-reply@ustat.test>', outbox })

let server: TestServer
let smtp: MailServer
beforeAll(async () => {
  smtp = await startMailServer((address) => {
    if (address.startsWith('nobody@')) return 550
    return address.startsWith('later@') ? 451 : null
  })
  server = await startServer({ env: { SMTP_URL: smtp.url, MAIL_FROM: 'Устат <letters@ustat.test>' } })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await smtp[Symbol.asyncDispose]()
  rmSync(directory, { recursive: true, force: true })
})

const mail = (differences: Partial<Mail> = {}): Mail => ({
  to: 'one@example.org',
  template: 'enrolled',
  language: 'en',
  data: { course: 'Felt', path: '/courses/felt' },
  ...differences,
})

describe('over SMTP', () => {
  it('reaches the server as text and HTML, from the sender that is set', async () => {
    smtp.mails.length = 0
    await sendMail(server.context, mail())
    const [received] = smtp.mails
    expect(received).toMatchObject({ from: 'letters@ustat.test', to: ['one@example.org'] })
    expect(received?.headers.subject).toEqual(['You are enrolled: Felt'])
    expect(received?.headers['auto-submitted']).toEqual(['auto-generated'])
    expect(received?.headers['content-type']?.[0]).toMatch(/multipart\/alternative/)
    expect(received?.raw).toContain('http://ustat.test/courses/felt')
  })

  it('lets nobody add a header or a recipient by a line break', async () => {
    smtp.mails.length = 0
    const evil = 'Felt\r\nBcc: evil@example.org\r\n\r\nbody'
    await sendMail(server.context, mail({ data: { course: evil, path: '/x' } }))
    const [received] = smtp.mails
    expect(received?.to).toEqual(['one@example.org'])
    expect(received?.headers.bcc).toBeUndefined()
    expect(received?.headers.subject).toEqual(['You are enrolled: Felt Bcc: evil@example.org body'])
    for (const to of [
      'a@b.example\r\nBcc: evil@example.org',
      'a@b.example, evil@example.org',
      'a@b.example evil',
      'none',
    ]) {
      await expect(mailerOver(smtp.url).send({ ...message, to })).rejects.toThrow('no address')
    }
    expect(smtp.mails).toHaveLength(1)
  })

  it('fails, to be tried again, while the server is away or says "not now"', async () => {
    const away = mailerOver(`smtp://127.0.0.1:${await freePort()}`)
    await expect(sendMail({ ...server.context, mailer: away }, mail())).rejects.toMatchObject({ code: 'ESOCKET' })
    await expect(sendMail(server.context, mail({ to: 'later@example.org' }))).rejects.toMatchObject({
      responseCode: 451,
    })
  })

  it('ends when the server says "never": the next attempt would hear it again', async () => {
    await sendMail(server.context, mail({ to: 'nobody@example.org' }))
    expect(server.log()).toMatch(/a mail was refused for good/)
    expect(server.log()).not.toMatch(/nobody@example/)
  })
})

describe('a queued mail', () => {
  it('is there if, and only if, its transaction is', async () => {
    const { orm, queue } = server.context
    await orm.em.fork().transactional((tx) => queueMail(queue, tx, mail({ to: 'kept@example.org' })))
    const undone = orm.em.fork().transactional(async (tx) => {
      await queueMail(queue, tx, mail({ to: 'undone@example.org' }))
      throw new Error('taken back')
    })
    await expect(undone).rejects.toThrow('taken back')
    expect((await takeJobs<Mail>(server, 'send-mail')).map(({ to }) => to)).toEqual(['kept@example.org'])
  })

  it('is tried again for a day', async () => {
    const [queue] = await server.context.orm.em
      .fork()
      .execute<{ retry_limit: number; retry_backoff: boolean }[]>(
        `select retry_limit, retry_backoff from pgboss.queue where name = 'send-mail'`,
      )
    expect(queue).toMatchObject({ retry_limit: 20, retry_backoff: true })
  })
})

describe('without a mail server', () => {
  it('is written into the outbox, for its owner alone, newest first', async () => {
    const outbox = join(directory, 'outbox')
    const mailer = mailerOver(null, outbox)
    await mailer.send(message)
    await new Outbox(outbox).add({ ...message, subject: 'Later' }, new Date(Date.now() + 1000))
    const [mails, count] = await new Outbox(outbox).read(10, 0)
    expect(count).toBe(2)
    expect(mails.map(({ subject }) => subject)).toEqual(['Later', 'A subject'])
    expect(mails[1]).toMatchObject(message)
    const [file = ''] = readdirSync(outbox)
    expect(statSync(join(outbox, file)).mode & 0o077).toBe(0)
    await expect(mailer.send({ ...message, to: 'a@b.example\nBcc: c@d.example' })).rejects.toThrow('no address')
  })

  it('keeps the newest five hundred', async () => {
    const outbox = new Outbox(join(directory, 'full'))
    for (let number = 0; number < 503; number++) {
      await outbox.add({ ...message, subject: `${number}` }, new Date(1_800_000_000_000 + number))
    }
    const [mails, count] = await outbox.read(1000, 0)
    expect(count).toBe(500)
    expect(mails.at(-1)?.subject).toBe('3')
  })
})

describe('every mail', () => {
  const data = {
    name: '<b>Айгуль</b>',
    link: 'aaaaaaaaaaaaaaaa',
    course: '<script>alert(1)</script>',
    amount: '10.00',
    currency: 'KGS',
    transaction_id: 'pay_1',
    path: '/courses/felt',
    report: 'revenue',
    status: 'rejected',
    comment: '<img src=x onerror=alert(1)>',
  }

  it.each(mailTemplates)(
    '%s has a subject and words in Russian and in English, and no markup of others',
    async (template) => {
      smtp.mails.length = 0
      for (const language of ['ru', 'en'] as const) {
        await sendMail(server.context, mail({ template, language, data }))
        await sendMail(server.context, mail({ template, language, data: {} }))
      }
      expect(smtp.mails).toHaveLength(4)
      const outbox = join(directory, template)
      const written = { ...server.context, mailer: mailerOver(null, outbox) }
      await sendMail(written, mail({ template, language: 'ru', data }))
      await sendMail(written, mail({ template, language: 'en', data }))
      const [mails] = await new Outbox(outbox).read(2, 0)
      const [russian, english] = mails.toSorted((a) => (/[а-я]/i.test(a.subject) ? -1 : 1))
      expect(russian?.subject).toMatch(/[а-я]/i)
      expect(english?.subject).not.toMatch(/[а-я]/i)
      expect(english?.text).toContain('http://ustat.test')
      for (const { html, subject, text } of mails) {
        expect(html).not.toMatch(/<(script|img|b)\b/)
        expect(`${subject}${text}`).not.toMatch(/undefined|null/)
      }
    },
  )
})
