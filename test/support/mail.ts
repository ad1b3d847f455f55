import { SMTPServer } from 'smtp-server'
import { mailLinkTo } from '../../server/accounts/mail-link.job.ts'
import type { Message } from '../../server/mail/mailer.ts'
import type { Mail } from '../../server/mail/queue-mail.ts'
import { sendMail } from '../../server/mail/send-mail.job.ts'
import type { TestServer } from './server.ts'

/** A mail as a server received it. */
export interface ReceivedMail {
  from: string
  to: string[]
  raw: string
  /** Unfolded, by lower-cased name. */
  headers: Record<string, string[]>
}

export interface MailServer extends AsyncDisposable {
  url: string
  mails: ReceivedMail[]
}

/**
 * A mail server on a free port that takes everything.
 *
 * @param refuse an address → what is answered to it
 */
export async function startMailServer(refuse: (address: string) => number | null = () => null): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onRcptTo({ address }, _session, done) {
      const responseCode = refuse(address)
      done(responseCode === null ? null : Object.assign(new Error('no'), { responseCode }))
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString()
        const headers: ReceivedMail['headers'] = {}
        const [head = ''] = raw.split('\r\n\r\n', 1)
        for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
          const [name = '', value = ''] = line.split(/:\s*(.*)/, 2)
          headers[name.toLowerCase()] = [...(headers[name.toLowerCase()] ?? []), value]
        }
        const from = envelope.mailFrom ? envelope.mailFrom.address : ''
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw, headers })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** The waiting jobs of a queue, oldest first, taken out of it. */
export async function takeJobs<Data>(server: TestServer, name: string): Promise<Data[]> {
  const rows = await server.context.orm.em.fork().execute<{ data: Data }[]>(
    `with taken as (delete from pgboss.job where name = ? and state = 'created' returning data, created_on)
       select data from taken order by created_on`,
    [name],
  )
  return rows.map(({ data }) => data)
}

/** What a worker would have mailed by now, written down instead of sent; older first. */
export async function takeMails(server: TestServer): Promise<(Message & Mail)[]> {
  const { context } = server
  for (const request of await takeJobs<Parameters<typeof mailLinkTo>[1]>(server, 'mail-link')) {
    await mailLinkTo(context, request)
  }
  const sent: (Message & Mail)[] = []
  for (const mail of await takeJobs<Mail>(server, 'send-mail')) {
    const mailer = {
      async send(message: Message) {
        sent.push({ ...mail, ...message })
      },
    }
    await sendMail({ ...context, mailer }, mail)
  }
  return sent
}

/** The one-time token of a mail. */
export function tokenIn(mail: Message | undefined): string {
  return /\?token=([\w-]+)/.exec(mail?.text ?? '')?.[1] ?? ''
}
