import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { outboxMailJson, outboxQuery, presentOutboxMail } from './contract.ts'
import { Outbox } from './outbox.ts'

/** Mails of an installation without a mail server, so that somebody can try it out. */
export function mailRoutes({ config }: Context): Api {
  const api = new Api('/api/admin/outbox', 'Administration')
  const outbox = new Outbox(config.mail.outbox)

  api.get(
    '/',
    {
      summary: 'Mails that were written down instead of sent, newest first.',
      description: 'Empty with SMTP_URL set. Their links open accounts, so only admins see them.',
      access: 'admin',
      query: outboxQuery,
      answers: { 200: pageOf(outboxMailJson) },
    },
    async (ctx) => {
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) => outbox.read(limit, offset),
        (mails) => mails.map(presentOutboxMail),
      )
    },
  )

  return api
}
