import { defineEntity, p } from '@mikro-orm/core'
import type { Chapter } from '../captions/chapter.ts'
import { Channel } from '../channels/channel.ts'
import { unguessable } from '../db/base.ts'
import { Broadcast } from '../live/broadcast.ts'
import { visibilities } from '../live/broadcast-json.ts'

const schema = defineEntity({
  name: 'Recording',
  indexes: [
    { properties: ['channel', 'createdAt'] },
    { properties: ['status', 'createdAt'] },
    {
      name: 'recording_chat_due',
      expression: `create index "recording_chat_due" on "recording" ("chat_due_at") where chat_due_at is not null`,
    },
  ],
  checks: [{ name: 'recording_size_positive', expression: 'size_bytes >= 0' }],
  properties: {
    ...unguessable,
    channel: () => p.manyToOne(Channel).deleteRule('cascade'),
    broadcast: () => p.oneToOne(Broadcast).owner().unique().deleteRule('cascade'),
    title: p.string().length(200),
    status: p.enum(['live', 'ready', 'failed'] as const).default('live'),
    /** Inherited from the broadcast, then its own. */
    visibility: p.enum(visibilities).default('public'),
    /** The media process that still has what the object store has not; null once all is there. */
    node: p.string().length(32).nullable(),
    durationSeconds: p.double().default(0),
    width: p.integer().nullable(),
    height: p.integer().nullable(),
    /** Names, highest first. */
    renditions: p.json<string[]>().default([]),
    sizeBytes: p.bigint('number').default(0),
    hasThumbnail: p.boolean().default(false),
    /** In which it is there also beside the JPEG; none until a job has made them. */
    thumbnailWidths: p.json<number[]>().default([]),
    hasStoryboard: p.boolean().default(false),
    /** In their order. Read where they are shown alone. */
    chapters: p.json<Chapter[]>().default([]).lazy(),
    /** Files that its show's chat is written to; 0 until it is. */
    chatPieces: p.integer().default(0),
    /** When they are to be written (again); null while they say what the room says. Triggers set it, too. */
    chatDueAt: p.datetime().nullable(),
  },
})

/** What a broadcast left. Made with it, so that it can be watched from the start while it is still live. */
export class Recording extends schema.class {}
schema.setClass(Recording)
