import { Counter } from 'prom-client'
import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { webhookJson, webhookParams } from './contract.ts'
import { readRaw } from './raw-body.ts'
import { takeEvent } from './settle.ts'

/**
 * Where providers tell what happened. Stands before the JSON parser, sessions, CSRF and rate limits: the signature over the
 * raw body is what counts, and it is looked at first.
 */
export function webhookRoutes(context: Context): Api {
  const failures = failureCounter(context)
  const api = new Api('/api/payments/webhooks', 'Payments')

  api.post(
    '/:provider',
    {
      summary: 'For payment providers: an event, signed by them.',
      description:
        'The body is taken as it comes. An event that was taken before is answered the same and changes nothing; 400 without a good signature.',
      access: 'anyone',
      params: webhookParams,
      answers: { 200: webhookJson },
    },
    async (ctx, { params }) => {
      const provider = context.payments.find(params.provider)
      if (!provider) throw new DomainError('not_found')
      try {
        const event = provider.parseWebhook(await readRaw(ctx.req), ctx.req.headers)
        const isNew = await takeEvent(ctx.state.em, provider.name, event, context)
        context.log.info({ provider: provider.name, event: event.id, type: event.type, isNew }, 'a webhook was taken')
      } catch (error) {
        failures.inc({ provider: provider.name })
        throw error
      }
      ctx.body = { received: true }
    },
  )

  return api
}

/** Every provider's series is there from the beginning: an alert cannot see the first of what was not there before. */
function failureCounter({ metrics, payments }: Context): Counter<'provider'> {
  const name = 'webhook_failures_total'
  const known = metrics.getSingleMetric(name) as Counter<'provider'> | undefined
  if (known) return known
  const counter = new Counter({
    name,
    help: 'Webhooks that were refused or failed.',
    labelNames: ['provider'],
    registers: [metrics],
  })
  for (const provider of payments.names()) counter.inc({ provider }, 0)
  return counter
}
