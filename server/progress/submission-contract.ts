import { z } from 'zod'
import type { MediaAsset } from '../library/media-asset.ts'
import { idParam, type PersonJson, personJson } from './contract.ts'
import type { Submission } from './submission.ts'

const text = z.string().trim().max(20_000).default('')

export const submissionBody = z.strictObject({
  text,
  /** Ids of own files. */
  files: z.array(z.int32().positive()).max(20).default([]),
})
/** Fields of the form beside its files. */
export const submissionForm = z.strictObject({ text })
export const gradeBody = z.strictObject({
  grade: z.int().min(0).max(1000),
  comment: z.string().trim().max(10_000).optional(),
})
export const submissionParams = z.strictObject({ id: idParam })
export const submissionFileParams = z.strictObject({ id: idParam, asset: idParam })
export const submissionsQuery = z.object({
  user: idParam.optional(),
  ungraded: z.enum(['true', 'false']).optional(),
})

export const submissionJson = z.object({
  id: z.int(),
  lesson: z.int(),
  user: personJson,
  /** Plain text: shown as text, never as a page. */
  text: z.string(),
  files: z.array(z.object({ id: z.int(), name: z.string(), size: z.int(), mime: z.string(), url: z.string() })),
  grade: z.int().nullable(),
  comment: z.string(),
  graded_at: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
})
export type SubmissionJson = z.infer<typeof submissionJson>

export function presentSubmission(
  submission: Submission,
  user: PersonJson,
  assets: ReadonlyMap<number, MediaAsset>,
): SubmissionJson {
  return {
    id: submission.id,
    lesson: submission.lesson.id,
    user,
    text: submission.text,
    files: submission.files.flatMap((id) => {
      const asset = assets.get(id)
      if (!asset) return []
      const url = `/api/submissions/${submission.id}/files/${id}/`
      return [{ id, name: asset.fileName, size: asset.sizeBytes, mime: asset.mime, url }]
    }),
    grade: submission.grade ?? null,
    comment: submission.comment,
    graded_at: submission.gradedAt?.toISOString() ?? null,
    created_at: submission.createdAt.toISOString(),
  }
}
