import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'ChatMessage',
  uniques: [{ properties: ['room', 'epoch', 'seq'] }],
  indexes: [
    { properties: ['room', 'sentAt'] },
    { properties: ['author', 'sentAt'] },
    {
      name: 'chat_message_text_search',
      expression: `create index "chat_message_text_search" on "chat_message" using gin (to_tsvector('simple'::regconfig, text))`,
    },
  ],
  properties: {
    ...base,
    room: p.string().length(40),
    epoch: p.string().length(40),
    seq: p.integer(),
    author: () => p.manyToOne(User).nullable().deleteRule('set null'),
    /** As it was when they wrote it, with their rank in the room. */
    authorName: p.string().length(50),
    rank: p.smallint(),
    /** Empty once it was deleted. */
    text: p.text(),
    /** The message that this one answers. */
    replyTo: p.integer().nullable(),
    /** What its author was watching: the moment in the show that it belongs to. */
    watchedAt: p.datetime().nullable(),
    sentAt: p.datetime(),
    deletedAt: p.datetime().nullable(),
  },
})

/** A message as it is kept; Redis has the newest ones only. */
export class ChatMessage extends schema.class {}
schema.setClass(ChatMessage)
