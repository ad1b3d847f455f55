import { DeferMode, defineEntity, p } from '@mikro-orm/core'
import { base } from '../db/base.ts'
import { MediaAsset } from '../library/media-asset.ts'
import { Broadcast } from '../live/broadcast.ts'
import { Video } from '../videos/video.ts'
import { Recording } from '../vod/recording.ts'
import type { AssignmentDefinition, QuizDefinition } from './lesson-definition.ts'
import { Module } from './module.ts'

export const lessonContentTypes = ['video', 'text', 'quiz', 'assignment'] as const

const schema = defineEntity({
  name: 'Lesson',
  // Deferrable, so that one UPDATE may reorder rows in place.
  uniques: [
    { name: 'lesson_module_order_unique', properties: ['module', 'order'], deferMode: DeferMode.INITIALLY_IMMEDIATE },
  ],
  indexes: [{ properties: ['contentType'] }],
  checks: [{ name: 'lesson_numbers_positive', expression: '"order" >= 0 and duration_minutes >= 0' }],
  properties: {
    ...base,
    module: () => p.manyToOne(Module).deleteRule('cascade'),
    title: p.string().length(200),
    contentType: p.enum(lessonContentTypes),
    /** Sanitised HTML. */
    content: p.text().default(''),
    videoUrl: p.string().length(500).default(''),
    file: () => p.manyToOne(MediaAsset).nullable().index().deleteRule('set null'),
    /** From 1, without gaps. */
    order: p.integer(),
    durationMinutes: p.integer().default(0),
    isFree: p.boolean().default(false),
    isPublished: p.boolean().default(true),
    /** The show it is, or was born from. */
    broadcast: () => p.manyToOne(Broadcast).nullable().index().deleteRule('set null'),
    /** What is watched; it cannot be deleted meanwhile. */
    recording: () => p.manyToOne(Recording).nullable().index().deleteRule('restrict'),
    /** An uploaded one that is watched, of a lesson without a show; it cannot be deleted meanwhile. */
    video: () => p.manyToOne(Video).nullable().index().deleteRule('restrict'),
    quiz: p.json<QuizDefinition>().nullable(),
    assignment: p.json<AssignmentDefinition>().nullable(),
  },
})

/** One step of a module: something to watch, read, answer or hand in. */
export class Lesson extends schema.class {}
schema.setClass(Lesson)
