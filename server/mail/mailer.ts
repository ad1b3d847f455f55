import { randomBytes } from 'node:crypto'
import { createTransport } from 'nodemailer'
import type { Config } from '../../config/config.ts'
import { Outbox } from './outbox.ts'

/** A mail as it goes out. */
export interface Message {
  to: string
  subject: string
  text: string
  html: string
}

export interface Mailer {
  /** @throws {MailRefused} when the server will not take it now or ever; anything else is worth another attempt */
  send(message: Message): Promise<void>
}

/** The mail server said no for good: to this address, or to what we sent. */
export class MailRefused extends Error {
  override readonly name = 'MailRefused'
}

const CONNECT_MS = 10_000
const SILENCE_MS = 30_000

/** Over SMTP when there is a server, else into the outbox. */
export function createMailer({ smtpUrl, from, outbox }: Config['mail']): Mailer {
  if (smtpUrl === null) {
    const written = new Outbox(outbox)
    return { send: async (message) => written.add(harmless(message)) }
  }
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
    // What a message names is text to send, never a file or an address to read.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = new URL(smtpUrl).hostname
  return {
    async send(message) {
      const { to, subject, text, html } = harmless(message)
      try {
        await transport.sendMail({
          from,
          // As an object it is one address, however many commas somebody put into it.
          to: { name: '', address: to },
          subject,
          text,
          html,
          messageId: `<${randomBytes(16).toString('hex')}@${/@([^<>\s]+)>?$/.exec(from)?.[1] ?? domain}>`,
          headers: { 'Auto-Submitted': 'auto-generated' },
        })
      } catch (error) {
        const { responseCode } = error as { responseCode?: number }
        if (responseCode !== undefined && responseCode >= 500 && responseCode !== 530 && responseCode !== 535) {
          throw new MailRefused(`the mail server answered ${responseCode}`, { cause: error })
        }
        throw error
      }
    },
  }
}

/**
 * A line break in an address or a subject would begin another header, such as a `Bcc`.
 *
 * @throws {MailRefused} for an address that is none
 */
function harmless(message: Message): Message {
  if (!/^[^\s<>,;:"\p{C}]+@[^\s<>,;:"@\p{C}]+$/u.test(message.to)) throw new MailRefused('that is no address')
  return { ...message, subject: message.subject.replace(/[\p{C}\p{Zl}\p{Zp}\s]+/gu, ' ').trim() }
}
