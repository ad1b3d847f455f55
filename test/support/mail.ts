import { SMTPServer } from 'smtp-server'
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
