import { defineEntity, p } from '@mikro-orm/core'
import { unguessable } from '../db/base.ts'

const schema = defineEntity({
  name: 'SandboxSession',
  checks: [{ name: 'sandbox_session_amounts', expression: 'refunded >= 0 and refunded <= amount' }],
  properties: {
    ...unguessable,
    transactionId: p.string().length(100).unique(),
    title: p.string().length(200),
    /** In the currency's smallest unit. */
    amount: p.integer(),
    currency: p.string().length(3),
    status: p.enum(['open', 'paid', 'failed', 'expired'] as const).default('open'),
    refunded: p.integer().default(0),
    /** Refund by idempotency key. */
    refunds: p
      .json<Record<string, { id: string; amount: number }>>()
      .defaultRaw(`'{}'`)
      .onCreate(() => ({})),
    returnUrl: p.string().length(2000),
    expiresAt: p.datetime(),
  },
})

/** A checkout as the sandbox knows it: its own books, which nobody else reads. */
export class SandboxSession extends schema.class {}
schema.setClass(SandboxSession)
