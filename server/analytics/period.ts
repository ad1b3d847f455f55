import { DomainError } from '../errors.ts'

/** Days of the calendar, as in `2026-03-01`, in whatever time zone the books are kept. Pure: it knows no clock. */

export const groupings = ['day', 'week', 'month'] as const
export type Grouping = (typeof groupings)[number]

/** What figures are asked for. */
export interface FigureQuery {
  /** The first and the last day, both included. */
  from: string
  to: string
  groupBy: Grouping
  /** Null for all that they may see. */
  course: number | null
  /** Null for each. */
  currency: string | null
  /** Their own progress, also of somebody who teaches. */
  isOwn: boolean
}

const DAY_MS = 86_400_000
/** More than ten years of weeks; a longer answer is a report of its own. */
const MOST_STEPS = 600

/**
 * The beginnings of all steps that a period touches: its days, the Mondays of its weeks, the firsts of its months. The
 * first may lie before the period; what happened then is not counted.
 *
 * @throws {DomainError} `period_reversed`, `period_too_long`
 */
export function stepsOf(from: string, to: string, groupBy: Grouping): string[] {
  if (from > to) throw new DomainError('period_reversed')
  const steps: string[] = []
  for (let step = beginOf(from, groupBy); step <= to; step = after(step, groupBy)) {
    steps.push(step)
    if (steps.length > MOST_STEPS) throw new DomainError('period_too_long')
  }
  return steps
}

/** The step that a day belongs to. */
export function beginOf(day: string, groupBy: Grouping): string {
  if (groupBy === 'day') return day
  if (groupBy === 'month') return `${day.slice(0, 8)}01`
  const date = new Date(`${day}T00:00:00Z`)
  return addDays(day, -((date.getUTCDay() + 6) % 7))
}

export function addDays(day: string, count: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY_MS).toISOString().slice(0, 10)
}

/** The day that it is there at a moment. */
export function dayIn(timeZone: string, moment: Date): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'iso8601',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  }).formatToParts(moment)
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? ''
  return `${part('year')}-${part('month')}-${part('day')}`
}

function after(step: string, groupBy: Grouping): string {
  if (groupBy === 'month') return `${addDays(step, 31).slice(0, 8)}01`
  return addDays(step, groupBy === 'week' ? 7 : 1)
}
