import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'ChatMessage',
  uniques: [{ properties: ['room', 'epoch', 'seq'] }],
  indexes: [
    { properties: ['room', 'sentAt'] },
    { properties: ['room', 'id'] },
    { properties: ['author', 'sentAt'] },
    {
      // By the stems of Russian and English words, and by the words as they were written.
      name: 'chat_message_words',
      expression: `create index "chat_message_words" on "chat_message" using gin (chat_words(text)) where deleted_at is null`,
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
