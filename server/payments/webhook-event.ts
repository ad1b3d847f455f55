import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'WebhookEvent',
  uniques: [{ properties: ['provider', 'eventId'] }],
  properties: {
    ...base,
    provider: p.string().length(20),
    eventId: p.string().length(255),
    type: p.string().length(100),
    payload: p.json<Record<string, unknown>>(),
    /** Null while its effects are not in the database. */
    processedAt: p.datetime().nullable(),
  },
})

/** What a payment provider told us, once each. */
export class WebhookEvent extends schema.class {}
schema.setClass(WebhookEvent)
