import { defineEntity, p } from '@mikro-orm/core'

const schema = defineEntity({
  name: 'ChatRoom',
  properties: {
    /** `lobby`, `channel-<id>` or `course-<id>`. */
    id: p.string().length(40).primary(),
    slow: p.integer().default(0),
    mode: p.enum(['all', 'followers', 'enrolled', 'mods', 'emote'] as const).default('all'),
    isFrozen: p.boolean().default(false),
    /** Who may push a notice to everybody in it; null for what is usual in a room of its kind. */
    notices: p.enum(['everyone', 'moderators'] as const).nullable(),
    blockedTerms: p.json<string[]>().default([]),
    /** Counts up whenever an emote is added, changed or taken away. */
    emotesVersion: p.integer().default(0),
    /** How far its log is in this database. */
    epoch: p.string().length(40).default(''),
    persistedSeq: p.integer().default(0),
    createdAt: p.datetime().onCreate(() => new Date()),
  },
})

/** What a room is set to. It outlives every show; a room that nobody changed needs no row. */
export class ChatRoom extends schema.class {}
schema.setClass(ChatRoom)
