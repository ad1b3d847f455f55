import type { Context } from '../context.ts'
import { linkToken } from './link-token.ts'
import { MailRefused } from './mailer.ts'
import type { Mail } from './queue-mail.ts'
import { render } from './render.ts'
import { templates } from './templates/all.ts'
import type { Links } from './templates/template.ts'

/**
 * Sends one mail. A server that cannot be reached, or says "not now", makes the job fail, and the queue tries again within
 * a day; one that says "never" ends it, since it would say so again.
 */
export async function sendMail(
  { mailer, config, log }: Pick<Context, 'mailer' | 'config' | 'log'>,
  { to, template, language, data }: Mail,
): Promise<void> {
  const page = (path: string) => new URL(path, config.publicUrl).href
  const links: Links = {
    page,
    link: (path) => page(`${path}?token=${linkToken(data.link ?? '', config.secrets.token)}`),
  }
  const mail = templates[template][language](data, links)
  try {
    await mailer.send({ to, subject: mail.subject, ...render(mail, language, config.publicUrl) })
  } catch (error) {
    if (!(error instanceof MailRefused)) throw error
    log.warn({ error, template }, 'a mail was refused for good')
  }
}
