import Router from '@koa/router'
import type { Context as KoaContext } from 'koa'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import type { RequestState } from '../http/request.ts'
import { fromMinor } from './money.ts'
import { SandboxProvider } from './sandbox.ts'
import type { SandboxSession } from './sandbox-session.ts'

const choices = { pay: 'paid', fail: 'failed', abandon: 'expired' } as const
const words = {
  en: {
    title: 'Sandbox payment',
    note: 'Nothing is charged here.',
    ...{ pay: 'Pay', fail: 'Let the payment fail', abandon: 'Give it up' },
    done: 'This payment has been decided.',
    back: 'Back to the course',
  },
  ru: {
    title: 'Тестовая оплата',
    note: 'Деньги здесь не списываются.',
    ...{ pay: 'Оплатить', fail: 'Отклонить платёж', abandon: 'Отказаться' },
    done: 'Этот платёж уже решён.',
    back: 'Вернуться к курсу',
  },
}

/**
 * The sandbox's own page, for people: a form without scripts or styles, so it needs no exception from our CSP. Who has its
 * unguessable address is the buyer, as with a real provider; so there is no session, and no CSRF token to send.
 */
export function sandboxRoutes({ payments, queue, log }: Context): Router<RequestState> {
  const router = new Router<RequestState>({ prefix: '/api/payments/sandbox' })

  router.get('/:session', async (ctx) => {
    const session = await requireSandbox().find(sessionOf(ctx.params))
    if (!session) throw new DomainError('payment_not_found')
    const language = (ctx.acceptsLanguages('ru', 'en') || 'ru') as keyof typeof words
    ctx.type = 'html'
    ctx.set('Cache-Control', 'no-store')
    ctx.body = page(session, language)
  })

  router.post('/:session/:choice', async (ctx) => {
    const { choice = '' } = ctx.params
    if (!Object.hasOwn(choices, choice)) throw new DomainError('not_found')
    const sandbox = requireSandbox()
    const session = await sandbox.decide(sessionOf(ctx.params), choices[choice as keyof typeof choices])
    if (!session) throw new DomainError('payment_not_found')
    await tell(sandbox, session)
    seeOther(ctx, session.returnUrl)
  })

  /** At once when our api answers; else again and again, as a real provider does. */
  async function tell(sandbox: SandboxProvider, session: SandboxSession): Promise<void> {
    const event = sandbox.eventOf(session)
    if (!event) return
    await sandbox.deliver(event).catch(async (error) => {
      log.warn({ error, session: session.id }, 'a sandbox webhook will be sent again')
      await queue.add('deliver-sandbox-webhook', { session: session.id })
    })
  }

  function requireSandbox(): SandboxProvider {
    const sandbox = payments.find('sandbox')
    if (!(sandbox instanceof SandboxProvider)) throw new DomainError('not_found')
    return sandbox
  }

  return router
}

function sessionOf(params: Record<string, string | undefined>): string {
  return (params.session ?? '').slice(0, 24)
}

/** The browser asks for it with GET, whatever it sent. */
function seeOther(ctx: KoaContext, url: string): void {
  ctx.redirect(url)
  ctx.status = 303
}

function page(
  { id, title, amount, currency, status, returnUrl }: SandboxSession,
  language: keyof typeof words,
): string {
  const text = words[language]
  const form = (choice: keyof typeof choices) =>
    `<form method="post" action="/api/payments/sandbox/${id}/${choice}/"><p><button>${text[choice]}</button></p></form>`
  const body =
    status === 'open'
      ? form('pay') + form('fail') + form('abandon')
      : `<p>${text.done}</p><p><a href="${escaped(returnUrl)}">${text.back}</a></p>`
  return `<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${text.title}</title></head>
<body><main><h1>${text.title}</h1><p>${text.note}</p>
<p>${escaped(title)}</p><p><strong>${fromMinor(amount, currency)} ${escaped(currency)}</strong></p>
${body}</main></body>
</html>
`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
