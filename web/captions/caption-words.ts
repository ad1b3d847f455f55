import { msg, str } from '@lit/localize'
import type { ApiError } from '../api.ts'
import { currentLocale } from '../locale.ts'
import { errorText } from '../ui/notice-box.ts'
import type { CueProblem } from './cues.ts'

/** What is wrong with a file: where, as an editor of text counts, and what. */
export function refusalText(error: ApiError): string {
  if (error.status === 413) return msg('A file of captions may have 1 MB.')
  const { line } = error
  const words = errorText(error)
  return line === null ? words : msg(str`Line ${line}: ${words}`)
}

export function problemText(kind: CueProblem['kind']): string {
  switch (kind) {
    case 'start':
    case 'end':
      return msg('Write a time such as 1:02.500.')
    case 'order':
      return msg('It ends before it begins.')
    case 'text':
      return msg('Words are missing. Write them, or delete the row.')
  }
}

export function cuesText(count: number): string {
  const number = new Intl.NumberFormat(currentLocale()).format(count)
  return msg(str`captions: ${number}`)
}
