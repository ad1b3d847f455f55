import { defineEntity, p } from '@mikro-orm/core'
import { Channel } from '../channels/channel.ts'
import { Course } from '../courses/course.ts'
import { unguessable } from '../db/base.ts'
import { visibilities } from './broadcast-json.ts'

const schema = defineEntity({
  name: 'Broadcast',
  indexes: [{ properties: ['status', 'startedAt'] }, { properties: ['channel', 'status'] }],
  // The database, too, knows that a channel is live once.
  uniques: [{ name: 'broadcast_one_live_per_channel', properties: ['channel'], where: `status = 'live'` }],
  properties: {
    ...unguessable,
    channel: () => p.manyToOne(Channel).deleteRule('cascade'),
    /** Whose learners may watch it when its visibility is `enrolled`. */
    course: () => p.manyToOne(Course).nullable().index().deleteRule('set null'),
    title: p.string().length(200),
    status: p.enum(['scheduled', 'live', 'ended', 'failed'] as const).default('scheduled'),
    visibility: p.enum(visibilities).default('public'),
    /** When it is due; null of one that nobody announced. */
    startsAt: p.datetime().nullable(),
    /** The media process that holds it; set when its publisher was let in. */
    node: p.string().length(32).nullable(),
    /** Its playlists are public since; null while the publisher is still being looked at. */
    startedAt: p.datetime().nullable(),
    endedAt: p.datetime().nullable(),
    /** Its channel's followers are told of it; null when they were told of another a moment before, or nobody is to be. */
    announcedAt: p.datetime().nullable(),
    /** Why it ended, when that was not the publisher's wish. */
    cause: p.string().length(50).nullable(),
    /** Checks in a row without a beat of its node. */
    missedBeats: p.smallint().default(0),
  },
})

/**
 * One time that a channel is live.
 *
 *   scheduled ──▶ live ──▶ ended
 *                  │ ▲       │
 *                  │ └───────┘ its node was thought lost and beats again
 *                  └──▶ failed    no playlist ever came of it
 */
export class Broadcast extends schema.class {
  /** Viewers can watch it. */
  isOnAir(): boolean {
    return this.status === 'live' && Boolean(this.startedAt)
  }
}
schema.setClass(Broadcast)
