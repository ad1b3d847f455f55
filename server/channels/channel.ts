import { defineEntity, p } from '@mikro-orm/core'
import { User } from '../accounts/user.ts'
import { base } from '../db/base.ts'

const schema = defineEntity({
  name: 'Channel',
  properties: {
    ...base,
    owner: () => p.oneToOne(User).owner().unique().deleteRule('cascade'),
    slug: p.string().length(50).unique(),
    title: p.string().length(100),
    description: p.text().default(''),
    /** Key that stands for its sizes. */
    picture: p.string().length(255).nullable(),
    /** The stream key for its owner's eyes: AES-256-GCM under STREAM_KEY_SECRET. */
    streamKeyCipher: p.string().length(255).hidden(),
    /** The stream key for the lookup: HMAC-SHA-256 under STREAM_KEY_SECRET. */
    streamKeyHash: p.string().length(64).unique().hidden(),
    streamKeyRotatedAt: p.datetime().onCreate(() => new Date()),
  },
})

/** A creator's lasting address: broadcasts come and go on it. */
export class Channel extends schema.class {
  /** The chat belongs to the channel and outlives each broadcast; its name must survive a new slug. */
  chatRoom(): string {
    return `channel-${this.id}`
  }
}
schema.setClass(Channel)
