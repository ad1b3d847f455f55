import type { MailText } from '../render.ts'
import type { Links } from './template.ts'

/** Without those that have nothing to say. */
export function lines(...given: (string | undefined)[]): string[] {
  return given.filter((line) => line !== undefined && line.trim() !== '') as string[]
}

/** To `path`, a page of ours, when the mail names one. */
export function courseLink(label: string, data: Partial<Record<string, string>>, { page }: Links): MailText['button'] {
  return data.path?.startsWith('/') ? { label, url: page(data.path) } : undefined
}
