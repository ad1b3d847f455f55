import { HttpError, type Middleware } from 'koa'
import { z } from 'zod'
import { isDatabaseOutage } from '../db/outage.ts'
import { DomainError, type ErrorCode } from '../errors.ts'
import { maskPath } from '../logger.ts'
import { sentences } from './sentences.ts'

/** A new ErrorCode does not type-check until it has a status here. */
const statusOf: Record<ErrorCode, number> = {
  invalid_input: 400,
  not_signed_in: 401,
  bad_credentials: 401,
  token_invalid: 401,
  csrf_failed: 403,
  origin_refused: 403,
  host_refused: 421,
  forbidden: 403,
  too_many_requests: 429,
  busy: 503,
  database_unavailable: 503,
  store_unavailable: 503,
  not_found: 404,
  push_off: 409,
  push_address_refused: 400,
  invalid_page: 404,
  method_not_allowed: 405,
  json_only: 415,
  malformed_json: 400,
  body_too_large: 413,
  token_used: 400,
  link_invalid: 400,
  password_common: 400,
  wrong_password: 400,
  image_unreadable: 400,
  ends_before_start: 400,
  too_many_entries: 409,
  entry_not_found: 404,
  session_not_found: 404,
  channel_not_found: 404,
  slug_taken: 409,
  slug_reserved: 409,
  broadcast_not_found: 404,
  broadcast_not_live: 409,
  broadcast_not_scheduled: 409,
  recording_not_found: 404,
  recording_live: 409,
  playback_refused: 403,
  stream_key_refused: 403,
  publish_slowed: 403,
  show_just_ended: 403,
  live_elsewhere: 403,
  course_not_found: 404,
  user_not_found: 404,
  last_admin: 409,
  registration_closed: 403,
  not_a_teacher: 409,
  job_not_found: 404,
  library_busy: 409,
  library_run_not_found: 404,
  library_run_ended: 409,
  profile_not_found: 404,
  lesson_not_found: 404,
  enrollment_required: 403,
  enrollment_not_found: 404,
  quiz_not_found: 404,
  attempts_exhausted: 409,
  attempt_not_started: 409,
  assignment_not_found: 404,
  submission_not_found: 404,
  file_missing: 404,
  malformed_form: 400,
  nothing_submitted: 400,
  above_max_grade: 400,
  too_many_files: 400,
  file_too_large: 413,
  file_type_refused: 415,
  module_not_found: 404,
  category_not_found: 404,
  tag_not_found: 404,
  course_role_not_found: 404,
  version_conflict: 409,
  precondition_failed: 412,
  invalid_transition: 409,
  course_incomplete: 400,
  course_in_review: 409,
  course_in_use: 409,
  slug_frozen: 409,
  last_staff: 409,
  course_has_learners: 409,
  email_not_verified: 403,
  teacher_rejected: 403,
  own_submission: 403,
  lesson_in_use: 409,
  lesson_not_live: 400,
  category_in_use: 409,
  tag_taken: 409,
  course_role_taken: 409,
  recording_in_use: 409,
  video_not_found: 404,
  video_too_large: 413,
  video_quota_reached: 413,
  video_in_use: 409,
  video_not_ready: 409,
  upload_size_differs: 409,
  export_not_found: 404,
  export_not_ready: 409,
  too_many_exports: 429,
  range_refused: 416,
  captions_not_found: 404,
  captions_encoding: 400,
  captions_unknown: 400,
  captions_line: 400,
  captions_end: 400,
  captions_too_long: 400,
  captions_empty: 400,
  too_many_captions: 409,
  language_unknown: 400,
  duration_unknown: 409,
  chapter_past_end: 400,
  chapters_together: 400,
  recording_failed: 409,
  order_mismatch: 400,
  unknown_choice: 400,
  number_expected: 400,
  category_cycle: 400,
  category_too_deep: 400,
  definition_missing: 400,
  review_not_found: 404,
  already_reviewed: 409,
  review_hidden: 409,
  report_not_found: 404,
  report_not_ready: 409,
  period_too_long: 400,
  period_reversed: 400,
  course_staff: 409,
  course_archived: 409,
  paid_enrollment: 409,
  promo_invalid: 400,
  promo_used_up: 409,
  promo_not_found: 404,
  promo_taken: 409,
  promo_percent_or_amount: 400,
  payment_not_found: 404,
  payment_not_refundable: 409,
  refund_not_allowed: 403,
  refund_too_much: 400,
  amount_below_minimum: 409,
  idempotency_key_reused: 409,
  payments_unavailable: 503,
  webhook_refused: 400,
  room_not_found: 404,
  message_not_found: 404,
  emote_not_found: 404,
  ban_not_found: 404,
  chat_unavailable: 503,
  mode_unknown_here: 400,
  not_in_room: 409,
  own_channel: 409,
}

/** Codes of Koa's own errors, by status: an oversized body, malformed JSON, a URL that does not decode. */
const codeOfStatus: Record<number, ErrorCode> = { 400: 'malformed_json', 413: 'body_too_large', 415: 'json_only' }

const inLanguage = { en: z.locales.en().localeError, ru: z.locales.ru().localeError }
type Language = keyof typeof inLanguage

interface Log {
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** First in the chain: turns every throw below it into one JSON shape. */
export function errorResponses(log: Log): Middleware {
  return async (ctx, next) => {
    try {
      await next()
      // The router's own answers have no body.
      if (ctx.status === 404 && ctx.body == null) throw new DomainError('not_found')
      if (ctx.status === 405 || ctx.status === 501) throw new DomainError('method_not_allowed')
    } catch (error) {
      const language = (ctx.acceptsLanguages('en', 'ru') || 'en') as Language
      const known = asDomainError(error)
      ctx.type = 'json'
      ctx.set('Cache-Control', 'no-store')
      ctx.remove('ETag')
      ctx.vary('Accept-Language')
      if (!known) {
        log.error({ error, method: ctx.method, path: maskPath(ctx.path) }, 'request failed')
        ctx.status = 500
        ctx.body = { detail: 'Something went wrong on our side.', code: 'internal' }
        return
      }
      if (statusOf[known.code] >= 500) log.warn({ code: known.code, path: maskPath(ctx.path) }, 'request refused')
      if (known.code === 'database_unavailable') ctx.set('Retry-After', '2')
      if (typeof known.details.retry_after === 'number') ctx.set('Retry-After', String(known.details.retry_after))
      ctx.status = statusOf[known.code]
      ctx.body = bodyOf(known, language)
    }
  }
}

export function sentenceFor(code: ErrorCode, language: Language = 'en'): string {
  return sentences[code][language]
}

function asDomainError(error: unknown): DomainError | null {
  if (error instanceof DomainError) return error
  if (isDatabaseOutage(error)) return new DomainError('database_unavailable', {}, { cause: error })
  if (error instanceof HttpError && error.expose) {
    return new DomainError(codeOfStatus[error.status] ?? 'malformed_json', {}, { cause: error })
  }
  return null
}

function bodyOf({ code, details }: DomainError, language: Language): object {
  if (code === 'invalid_input' && Array.isArray(details.issues))
    return fieldsOf(details.issues as z.core.$ZodRawIssue[], language)
  return { detail: sentenceFor(code, language), code, ...details }
}

/** A rule of ours names its sentence by `params.code`; the rest zod says in the reader's language. */
function messageOf(issue: z.core.$ZodRawIssue, language: Language): string {
  const code: unknown = issue.code === 'custom' ? issue.params?.code : undefined
  if (typeof code === 'string' && code in sentences) return sentenceFor(code as ErrorCode, language)
  const translated = inLanguage[language](issue)
  return (typeof translated === 'string' ? translated : translated?.message) ?? issue.message ?? 'Invalid.'
}

/** Django REST Framework's form: `{field: [messages]}`, and `non_field_errors` for the whole. */
function fieldsOf(issues: readonly z.core.$ZodRawIssue[], language: Language): Record<string, string[]> {
  // A field may be named `__proto__`.
  const fields: Record<string, string[]> = Object.create(null)
  const add = (field: string, message: string) => {
    fields[field] ??= []
    fields[field].push(message)
  }
  for (const issue of issues) {
    const message = messageOf(issue, language)
    if (issue.code === 'unrecognized_keys') for (const key of issue.keys) add(key, message)
    else add(issue.path?.join('.') || 'non_field_errors', message)
  }
  return fields
}
