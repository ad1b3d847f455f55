import { defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { Video } from '../videos/video.ts'
import { Recording } from '../vod/recording.ts'

const schema = defineEntity({
  name: 'Caption',
  uniques: [{ properties: ['recording', 'language'] }, { properties: ['video', 'language'] }],
  checks: [{ name: 'caption_of_one', expression: '(recording_id is null) <> (video_id is null)' }],
  properties: {
    ...base,
    recording: () => p.manyToOne(Recording).nullable().deleteRule('cascade'),
    video: () => p.manyToOne(Video).nullable().deleteRule('cascade'),
    /** BCP 47, as `Intl` writes it. */
    language: p.string().length(35),
    /** In the player's menu. */
    label: p.string().length(100),
    /** WebVTT of ours: read, cleaned and written anew. */
    content: p.text().lazy(),
    cues: p.integer(),
    sizeBytes: p.integer(),
    /** Of the content; in its address, so a player never shows an old one. */
    etag: p.string().length(16),
  },
})

/** What is said in a recording or a video, in one language. */
export class Caption extends schema.class {}
schema.setClass(Caption)
