import type { EntityManager } from '../db/orm.ts'
import type { Queue } from '../jobs/queue.ts'

/** Which mail: each has a file of its own in both languages. */
export const mailTemplates = [
  'verify-email',
  'already-registered',
  'reset-password',
  'password-changed',
  'receipt',
  'refund',
  'enrolled',
  'report-ready',
  'teacher-verification',
] as const
export type MailTemplate = (typeof mailTemplates)[number]

export type Language = 'ru' | 'en'

export interface Mail {
  to: string
  template: MailTemplate
  language: Language
  /** What the template fills in, named in its file. Kept in the job, so no secrets: `link` is the name of a token. */
  data: Record<string, string>
}

/** Sent by a worker once the transaction of `em` is in the database, and not at all when it is taken back. */
export async function queueMail(queue: Queue, em: EntityManager, mail: Mail): Promise<void> {
  await queue.add('send-mail', mail, { em })
}
