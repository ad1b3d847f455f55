import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'ChatBan',
  uniques: [{ properties: ['room', 'user'] }],
  properties: {
    ...base,
    room: p.string().length(40),
    user: () => p.manyToOne(User).index().deleteRule('cascade'),
    /** Null for ever. */
    until: p.datetime().nullable(),
    reason: p.string().length(200).default(''),
    by: () => p.manyToOne(User).nullable().deleteRule('set null'),
  },
})

/** Somebody who may not write in a room, for a while or for good. */
export class ChatBan extends schema.class {}
schema.setClass(ChatBan)
