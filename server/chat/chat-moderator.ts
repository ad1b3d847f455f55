import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'ChatModerator',
  uniques: [{ properties: ['room', 'user'] }],
  properties: {
    ...base,
    room: p.string().length(40),
    user: () => p.manyToOne(User).index().deleteRule('cascade'),
  },
})

/** Somebody who keeps order in a room for its owner. */
export class ChatModerator extends schema.class {}
schema.setClass(ChatModerator)
