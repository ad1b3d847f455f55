import { msg } from '@lit/localize'
import type { CourseJson } from '../../server/courses/contract.ts'

type Status = CourseJson['status']

export function courseStatusText(status: Status): string {
  const words: Record<Status, string> = {
    draft: msg('Draft'),
    review: msg('In review'),
    published: msg('Published'),
    archived: msg('Archived'),
  }
  return words[status]
}

/** What a course still needs before others may see it, by the field that the API names. */
export function missingText(field: string): string {
  const words: Record<string, string> = {
    title: msg('A title'),
    description: msg('A description'),
    short_description: msg('A short description'),
    category: msg('A category'),
    thumbnail: msg('A picture'),
    currency: msg('A currency'),
    modules: msg('At least one module'),
    lessons: msg('At least one lesson with something in it'),
  }
  return words[field] ?? field
}
