import type { NoticeKind } from './kinds.ts'

interface Words {
  title: string
  body: string
}
type Data = Record<string, string | undefined>

/** A push carries at most 4,096 bytes; a screen shows far less. */
const LONGEST = 120

const english: Record<NoticeKind, (data: Data) => Words> = {
  live: ({ channel, title }) => ({ title: `${channel} is live`, body: title ?? '' }),
  lesson: ({ course, lesson }) => ({ title: `New lesson: ${lesson}`, body: course ?? '' }),
  graded: ({ lesson, grade, max_grade }) => ({ title: `Graded: ${lesson}`, body: `${grade} of ${max_grade}` }),
  payment: ({ course, amount, currency }) => ({ title: `Paid: ${course}`, body: `${amount} ${currency}` }),
  refund: ({ course, amount, currency }) => ({ title: `Refunded: ${course}`, body: `${amount} ${currency}` }),
}

const russian: Record<NoticeKind, (data: Data) => Words> = {
  live: ({ channel, title }) => ({ title: `${channel} в эфире`, body: title ?? '' }),
  lesson: ({ course, lesson }) => ({ title: `Новый урок: ${lesson}`, body: course ?? '' }),
  graded: ({ lesson, grade, max_grade }) => ({ title: `Оценено: ${lesson}`, body: `${grade} из ${max_grade}` }),
  payment: ({ course, amount, currency }) => ({ title: `Оплачено: ${course}`, body: `${amount} ${currency}` }),
  refund: ({ course, amount, currency }) => ({ title: `Возврат: ${course}`, body: `${amount} ${currency}` }),
}

/** What a device shows. Pages have words of their own. */
export function wordsOf({ kind, data }: { kind: NoticeKind; data: Data }, language: 'ru' | 'en'): Words {
  const { title, body } = (language === 'ru' ? russian : english)[kind](data)
  return { title: shorten(title), body: shorten(body) }
}

function shorten(text: string): string {
  const letters = [...text]
  return letters.length <= LONGEST ? text : `${letters.slice(0, LONGEST - 1).join('')}…`
}
