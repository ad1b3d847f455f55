import { z } from 'zod'
import type { PageJson } from '../http/page.ts'
import type { Caption } from './caption.ts'
import type { Chapter } from './chapter.ts'

/** What a name may not have in it: it would break a line or turn the text around it. */
const unfit = /[\p{Cc}\p{Bidi_Control}]/gu
const named = (max: number) =>
  z
    .string()
    .max(1000)
    .transform((text) => text.replace(unfit, ' ').trim())
    .pipe(z.string().min(1).max(max))

/** BCP 47, as `Intl` writes it: `EN-us` is `en-US`. */
const languageTag = z
  .string()
  .max(35)
  .transform((tag, context) => {
    try {
      return Intl.getCanonicalLocales(tag)[0] ?? z.NEVER
    } catch {
      context.addIssue({ code: 'custom', params: { code: 'language_unknown' } })
      return z.NEVER
    }
  })

const id = z.string().max(100)
export const filmParams = z.strictObject({ id })
export const captionParams = z.strictObject({ id, language: languageTag })
/** In the player's menu; the language's own name for itself when nothing is said. */
export const captionQuery = z.object({ label: named(100).optional() })

export const captionJson = z.object({
  language: z.string(),
  label: z.string(),
  cues: z.int(),
  size_bytes: z.int(),
  updated_at: z.iso.datetime(),
})
export type CaptionJson = z.infer<typeof captionJson>
/** `GET …/captions/` */
export type CaptionPageJson = PageJson<CaptionJson>

/** At most 200; the first begins at 0, whatever is said. */
export const chaptersBody = z
  .array(z.strictObject({ start: z.number().min(0).max(360_000), title: named(100) }))
  .max(200)
export const chaptersJson = z.array(z.object({ start: z.number(), title: z.string() }))
export type ChaptersJson = z.infer<typeof chaptersJson>

/** `texts.json`, beside the multivariant playlist; addresses are relative to it. */
export interface TextsJson {
  captions: { language: string; label: string; url: string }[]
  chapters: Chapter[]
  /** WebVTT of the kind `chapters`; null when there are none. */
  chapters_url: string | null
}

export function presentCaption({ language, label, cues, sizeBytes, updatedAt }: Caption): CaptionJson {
  return { language, label, cues, size_bytes: sizeBytes, updated_at: updatedAt.toISOString() }
}
