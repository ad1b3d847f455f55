import { z } from 'zod'

const text = z.string().trim().min(1).max(2000)
const id = z.string().regex(/^[\w-]{1,32}$/)
const option = z.strictObject({ id, text })
const common = {
  id,
  text,
  points: z.number().int().min(1).max(100).default(1),
  explanation: z.string().max(2000).default(''),
}

const question = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('single'), options: z.array(option).min(2).max(20), answer: id }),
  z.strictObject({
    ...common,
    type: z.literal('multiple'),
    options: z.array(option).min(2).max(20),
    answer: z.array(id).min(1).max(20),
  }),
  /** Any of the answers, whatever their case and the spaces around. */
  z.strictObject({ ...common, type: z.literal('text'), answer: z.array(text).min(1).max(20) }),
  z.strictObject({
    ...common,
    type: z.literal('number'),
    answer: z.number(),
    /** How far off is still right. */
    tolerance: z.number().min(0).default(0),
  }),
])

/** Questions with their answers; what a learner is shown has none of the answers. */
export const quizDefinition = z.strictObject({
  questions: z
    .array(question)
    .min(1)
    .max(200)
    .refine((list) => new Set(list.map((one) => one.id)).size === list.length, 'Each question has an id of its own.')
    .refine(
      (list) =>
        list.every((one) => {
          if (one.type !== 'single' && one.type !== 'multiple') return true
          const ids = one.options.map((each) => each.id)
          return new Set(ids).size === ids.length && [one.answer].flat().every((answer) => ids.includes(answer))
        }),
      'Each answer is one of its options, and these differ.',
    ),
  /** Percent of the points. */
  pass_score: z.number().int().min(0).max(100).default(70),
  /** Null for as many as one likes. */
  max_attempts: z.number().int().min(1).max(100).nullable().default(null),
  time_limit_minutes: z.number().int().min(1).max(1440).nullable().default(null),
})
export type QuizDefinition = z.infer<typeof quizDefinition>

export const assignmentDefinition = z.strictObject({
  /** Whether handing in is enough, or a teacher's grade of at least `pass_grade` is needed. */
  completion: z.enum(['submitted', 'graded']).default('submitted'),
  max_grade: z.number().int().min(1).max(1000).default(100),
  pass_grade: z.number().int().min(0).max(1000).default(60),
  max_files: z.number().int().min(0).max(10).default(3),
})
export type AssignmentDefinition = z.infer<typeof assignmentDefinition>
