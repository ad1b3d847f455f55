import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'ChatEmote',
  uniques: [{ properties: ['room', 'name'] }],
  properties: {
    ...base,
    room: p.string().length(40),
    /** Written as `:name:`. */
    name: p.string().length(24),
    /** Key of a public WebP. */
    picture: p.string().length(255),
    isAnimated: p.boolean().default(false),
    by: () => p.manyToOne(User).nullable().deleteRule('set null'),
  },
})

/** A small picture that people of one room may write. */
export class ChatEmote extends schema.class {}
schema.setClass(ChatEmote)
