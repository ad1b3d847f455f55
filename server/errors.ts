/** Everything the domain can refuse, as a closed list. Domain code throws these and knows no HTTP. */
export type ErrorCode =
  | 'invalid_input'
  | 'not_signed_in'
  | 'bad_credentials'
  | 'token_invalid'
  | 'csrf_failed'
  | 'origin_refused'
  | 'host_refused'
  | 'forbidden'
  | 'too_many_requests'
  | 'busy'
  | 'database_unavailable'
  | 'store_unavailable'
  | 'not_found'
  | 'invalid_page'
  | 'method_not_allowed'
  | 'json_only'
  | 'malformed_json'
  | 'body_too_large'
  | 'token_used'
  | 'link_invalid'
  | 'password_common'
  | 'wrong_password'
  | 'image_unreadable'
  | 'ends_before_start'
  | 'too_many_entries'
  | 'entry_not_found'
  | 'session_not_found'
  | 'channel_not_found'
  | 'slug_taken'
  | 'slug_reserved'
  | 'broadcast_not_found'
  | 'broadcast_not_live'
  | 'broadcast_not_scheduled'
  | 'recording_not_found'
  | 'recording_live'
  | 'playback_refused'
  | 'stream_key_refused'
  | 'publish_slowed'
  | 'show_just_ended'
  | 'live_elsewhere'
  | 'course_not_found'
  | 'user_not_found'
  | 'last_admin'
  | 'not_a_teacher'
  | 'job_not_found'
  | 'profile_not_found'
  | 'lesson_not_found'
  | 'enrollment_required'
  | 'enrollment_not_found'
  | 'quiz_not_found'
  | 'attempts_exhausted'
  | 'assignment_not_found'
  | 'submission_not_found'
  | 'file_missing'
  | 'too_many_files'
  | 'file_too_large'
  | 'file_type_refused'
  | 'module_not_found'
  | 'category_not_found'
  | 'tag_not_found'
  | 'course_role_not_found'
  | 'version_conflict'
  | 'precondition_failed'
  | 'invalid_transition'
  | 'course_incomplete'
  | 'course_in_review'
  | 'course_in_use'
  | 'course_has_learners'
  | 'email_not_verified'
  | 'teacher_rejected'
  | 'own_submission'
  | 'lesson_in_use'
  | 'category_in_use'
  | 'tag_taken'
  | 'course_role_taken'
  | 'recording_in_use'
  | 'recording_failed'
  | 'order_mismatch'
  | 'unknown_choice'
  | 'category_cycle'
  | 'category_too_deep'
  | 'definition_missing'

export class DomainError extends Error {
  override readonly name = 'DomainError'
  readonly code: ErrorCode
  /** Sent to the client as is: no secrets, no stream keys. */
  readonly details: Record<string, unknown>

  constructor(code: ErrorCode, details: Record<string, unknown> = {}, options?: ErrorOptions) {
    super(code, options)
    this.code = code
    this.details = details
  }
}

/** One field is wrong by a rule that no schema knows; said in the form of all other wrong fields. */
export function fieldErrors(codes: Record<string, ErrorCode>): DomainError {
  const issues = Object.entries(codes).map(([field, code]) => ({ code: 'custom', path: [field], params: { code } }))
  return new DomainError('invalid_input', { issues })
}
