import { z } from 'zod'
import { thumbnailWidths } from '../pictures/thumbnail-file.ts'
import { completionRuleJson } from '../progress/completion.ts'
import { chatJson } from '../vod/chat-json.ts'
import { lessonContentTypes } from './lesson.ts'
import { assignmentDefinition, quizDefinition } from './lesson-definition.ts'

const title = z.string().trim().min(1).max(200)
/** Where it is put; whatever stands there moves on. The end when there is none, or when it is past the end. */
const order = z.int().min(1).max(10_000).optional()
const refId = z.int32().positive()

const moduleFields = {
  title,
  description: z.string().trim().max(10_000),
  is_free: z.boolean(),
}
/** What is left out is reset, but for its order. */
export const moduleBody = z.strictObject({
  ...moduleFields,
  description: moduleFields.description.default(''),
  is_free: moduleFields.is_free.default(false),
  order,
})
export type ModuleBody = z.output<typeof moduleBody>
/** What is left out stays. */
export const modulePatch = z.strictObject(moduleFields).partial().extend({ order })
export type ModuleChanges = z.output<typeof modulePatch>

const videoUrl = z.union([
  z.literal(''),
  z
    .string()
    .trim()
    .max(500)
    .pipe(z.url({ protocol: /^https?$/ })),
])

const lessonFields = {
  title,
  content_type: z.enum(lessonContentTypes),
  /** HTML; what could run is taken out. */
  content: z.string().max(200_000),
  /** Of a video elsewhere. */
  video_url: videoUrl,
  /** A recording of one's own channel. */
  recording: z
    .string()
    .regex(/^[0-9a-f]{24}$/)
    .nullable(),
  duration_minutes: z.int().min(0).max(100_000),
  is_free: z.boolean(),
  is_published: z.boolean(),
  quiz: quizDefinition.nullable(),
  assignment: assignmentDefinition.nullable(),
}
/** What is left out is reset, but for its order, its file, its uploaded video and what it was broadcast as. */
export const lessonBody = z.strictObject({
  ...lessonFields,
  content: lessonFields.content.default(''),
  video_url: lessonFields.video_url.default(''),
  recording: lessonFields.recording.default(null),
  duration_minutes: lessonFields.duration_minutes.default(0),
  is_free: lessonFields.is_free.default(false),
  is_published: lessonFields.is_published.default(true),
  quiz: lessonFields.quiz.default(null),
  assignment: lessonFields.assignment.default(null),
  order,
})
export type LessonBody = z.output<typeof lessonBody>
/** What is left out stays. */
export const lessonPatch = z.strictObject(lessonFields).partial().extend({ order })
export type LessonChanges = z.output<typeof lessonPatch>

const fullOrder = z.union([
  z.array(refId).min(1).max(1000),
  z
    .array(z.strictObject({ id: refId, order: z.int() }))
    .min(1)
    .max(1000)
    .transform((rows) => rows.toSorted((a, b) => a.order - b.order).map((row) => row.id)),
])
/** All modules of the course, each once. */
export const reorderModulesBody = z.strictObject({ course: refId, order: fullOrder })
/** All lessons of the module, each once; lessons of other modules among them move here. */
export const reorderLessonsBody = z.strictObject({ module: refId, order: fullOrder })

export const recordingLessonBody = z.strictObject({
  module: refId,
  title,
  order,
  is_free: z.boolean().default(false),
})

export const lessonStates = ['scheduled', 'live', 'recorded'] as const

/** Of a lesson of a course's page: nothing of what is in it. */
export const lessonOutlineJson = z.object({
  id: z.int(),
  title: z.string(),
  content_type: z.enum(lessonContentTypes),
  order: z.int(),
  duration_minutes: z.int(),
  /** By itself; a lesson of a free module is free too. */
  is_free: z.boolean(),
  is_published: z.boolean(),
  /** Its content needs an enrollment that the caller does not have. */
  locked: z.boolean(),
  /** Of a lesson with a broadcast, a recording or a video, else null. */
  state: z.enum(lessonStates).nullable(),
  /** When its broadcast is due. */
  starts_at: z.iso.datetime().nullable(),
})
export type LessonOutlineJson = z.infer<typeof lessonOutlineJson>

export const moduleJson = z.object({
  id: z.int(),
  course: z.int(),
  title: z.string(),
  description: z.string(),
  order: z.int(),
  is_free: z.boolean(),
})
export type ModuleJson = z.infer<typeof moduleJson>

export const moduleOutlineJson = moduleJson.extend({ lessons: z.array(lessonOutlineJson) })
export type ModuleOutlineJson = z.infer<typeof moduleOutlineJson>

export const lessonJson = lessonOutlineJson.extend({
  module: z.int(),
  course: z.int(),
  content: z.string(),
  video_url: z.string(),
  broadcast: z.string().nullable(),
  recording: z.string().nullable(),
  /** An uploaded one that it was made of. */
  video: z.string().nullable(),
  /** Path of the multivariant playlist of the running show, the recording or the video, signed for this viewer. */
  playback_url: z.string().nullable(),
  thumbnail_url: z.string().nullable(),
  thumbnail_widths: thumbnailWidths,
  storyboard_url: z.string().nullable(),
  ...chatJson,
  file: z
    .object({ id: z.int(), file_name: z.string(), mime: z.string(), size_bytes: z.number(), url: z.string() })
    .nullable(),
  /** With its answers, for those who edit it; a learner asks `/quiz/`. */
  quiz: quizDefinition.nullable(),
  assignment: assignmentDefinition.nullable(),
  /** What completes it for a learner. */
  completion_rule: completionRuleJson,
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})
export type LessonJson = z.infer<typeof lessonJson>

export const orderJson = z.object({ order: z.array(z.int()) })
