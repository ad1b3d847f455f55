import { msg, str } from '@lit/localize'
import type { CourseCardJson } from '../../server/courses/catalog-contract.ts'
import type { LessonOutlineJson } from '../../server/courses/lesson-contract.ts'
import { currentLocale } from '../locale.ts'
import type { IconName } from '../ui/icons.ts'

/** Words for what the API says of courses in codes. */
export type Difficulty = CourseCardJson['difficulty']
export type CourseType = CourseCardJson['type']
export type ContentType = LessonOutlineJson['content_type']

/** @param price a decimal as the API writes it */
export function priceText(price: string, currency: string): string {
  return Number(price) === 0 ? msg('Free') : moneyText(price, currency)
}

export function moneyText(amount: string, currency: string): string {
  const isWhole = /^\d+(\.0+)?$/.test(amount)
  return new Intl.NumberFormat(currentLocale(), {
    style: 'currency',
    currency,
    currencyDisplay: 'narrowSymbol',
    ...(isWhole ? { maximumFractionDigits: 0 } : {}),
  }).format(Number(amount))
}

/** `12 min`, `1 h 20 min`. */
export function minutesText(minutes: number): string {
  const unit = (value: number, name: 'hour' | 'minute') =>
    new Intl.NumberFormat(currentLocale(), { style: 'unit', unit: name, unitDisplay: 'short' }).format(value)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  if (hours === 0) return unit(rest, 'minute')
  return rest === 0 ? unit(hours, 'hour') : `${unit(hours, 'hour')} ${unit(rest, 'minute')}`
}

export function difficultyText(difficulty: Difficulty): string {
  const words: Record<Difficulty, string> = {
    beginner: msg('For beginners'),
    intermediate: msg('Intermediate'),
    advanced: msg('Advanced'),
  }
  return words[difficulty]
}

export function courseTypeText(type: CourseType): string {
  const words: Record<CourseType, string> = {
    video: msg('Video'),
    text: msg('Reading'),
    mixed: msg('Video and reading'),
  }
  return words[type]
}

export function contentTypeText(type: ContentType): string {
  const words: Record<ContentType, string> = {
    video: msg('Video'),
    text: msg('Reading'),
    quiz: msg('Quiz'),
    assignment: msg('Assignment'),
  }
  return words[type]
}

export const contentTypeIcons: Record<ContentType, IconName> = {
  video: 'play',
  text: 'book',
  quiz: 'question',
  assignment: 'clipboard',
}

/** In its reader's language; a code that nobody knows as it is. */
export function languageText(code: string): string {
  try {
    return new Intl.DisplayNames(currentLocale(), { type: 'language' }).of(code) ?? code
  } catch {
    return code
  }
}

export function lessonsText(count: number): string {
  const shown = new Intl.NumberFormat(currentLocale()).format(count)
  switch (new Intl.PluralRules(currentLocale()).select(count)) {
    case 'one':
      return msg(str`${shown} lesson`, { id: 'lessons-one' })
    case 'few':
      return msg(str`${shown} lessons`, { id: 'lessons-few' })
    case 'many':
      return msg(str`${shown} lessons`, { id: 'lessons-many' })
    default:
      return msg(str`${shown} lessons`, { id: 'lessons-other' })
  }
}

export function learnersText(count: number): string {
  const shown = new Intl.NumberFormat(currentLocale()).format(count)
  switch (new Intl.PluralRules(currentLocale()).select(count)) {
    case 'one':
      return msg(str`${shown} learner`, { id: 'learners-one' })
    case 'few':
      return msg(str`${shown} learners`, { id: 'learners-few' })
    case 'many':
      return msg(str`${shown} learners`, { id: 'learners-many' })
    default:
      return msg(str`${shown} learners`, { id: 'learners-other' })
  }
}

/** `4.8`; empty while nobody has said anything. */
export function ratingText(average: string, reviews: number): string {
  if (reviews === 0) return ''
  return new Intl.NumberFormat(currentLocale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(
    Number(average),
  )
}
