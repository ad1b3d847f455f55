import type { MailTemplate } from '../queue-mail.ts'
import { alreadyRegistered } from './already-registered.ts'
import { enrolled } from './enrolled.ts'
import { passwordChanged } from './password-changed.ts'
import { receipt } from './receipt.ts'
import { refund } from './refund.ts'
import { reportReady } from './report-ready.ts'
import { resetPassword } from './reset-password.ts'
import { teacherVerification } from './teacher-verification.ts'
import type { Template } from './template.ts'
import { verifyEmail } from './verify-email.ts'

/** A new mail does not type-check until it has words in both languages. */
export const templates: Record<MailTemplate, Template> = {
  'verify-email': verifyEmail,
  'already-registered': alreadyRegistered,
  'reset-password': resetPassword,
  'password-changed': passwordChanged,
  receipt,
  refund,
  enrolled,
  'report-ready': reportReady,
  'teacher-verification': teacherVerification,
}
