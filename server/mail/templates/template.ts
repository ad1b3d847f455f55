import type { Language } from '../queue-mail.ts'
import type { MailText } from '../render.ts'

export interface Links {
  /** A page of ours. */
  page(path: string): string
  /** The same with the one-time token that this mail is about. */
  link(path: string): string
}

/** One mail in both languages. What is missing in `data` is left out of the text. */
export type Template = Record<Language, (data: Partial<Record<string, string>>, links: Links) => MailText>
