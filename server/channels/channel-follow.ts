import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'
import { Channel } from './channel.ts'

const schema = defineEntity({
  name: 'ChannelFollow',
  uniques: [{ properties: ['channel', 'user'] }],
  properties: {
    ...base,
    channel: () => p.manyToOne(Channel).deleteRule('cascade'),
    user: () => p.manyToOne(User).index().deleteRule('cascade'),
  },
})

/** Somebody who wants to know when a channel is live. */
export class ChannelFollow extends schema.class {}
schema.setClass(ChannelFollow)
