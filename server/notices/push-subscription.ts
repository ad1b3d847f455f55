import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'

const schema = defineEntity({
  name: 'PushSubscription',
  properties: {
    id: p.integer().primary(),
    user: () => p.manyToOne(User).index().deleteRule('cascade'),
    /** Where the browser's push service takes messages for it. Whoever knows it could send some, were they signed. */
    endpoint: p.string().length(1000).unique().hidden(),
    /** The browser's public key, P-256, and its secret: RFC 8291. */
    p256dh: p.string().length(100).hidden(),
    auth: p.string().length(50).hidden(),
    /** The sign-in that asked for it; they end together. */
    family: p.string().length(16).index(),
    /** Of the words that are sent. */
    language: p.enum(['ru', 'en'] as const),
    createdAt: p.datetime().onCreate(() => new Date()),
  },
})

/** A browser of somebody that may be told while no page is open in it. */
export class PushSubscription extends schema.class {}
schema.setClass(PushSubscription)
