import { msg, str } from '@lit/localize'
import { currentLocale } from '../locale.ts'

/** `1:02:07`, `4:09`. */
export function durationText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`
}

/** The same for screen readers: `1 hour, 2 minutes`. */
export function durationWords(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const parts: [number, 'hour' | 'minute' | 'second'][] = [
    [Math.floor(whole / 3600), 'hour'],
    [Math.floor(whole / 60) % 60, 'minute'],
    [whole % 60, 'second'],
  ]
  const shown = parts.filter(([value]) => value > 0).slice(0, 2)
  return (shown.length > 0 ? shown : [[0, 'second'] as const])
    .map(([value, unit]) =>
      new Intl.NumberFormat(currentLocale(), { style: 'unit', unit, unitDisplay: 'long' }).format(value),
    )
    .join(', ')
}

/** `2.4 MB`, in powers of ten as shops and providers count. */
export function sizeText(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3))
  return new Intl.NumberFormat(currentLocale(), {
    style: 'unit',
    unit: units[step] ?? 'byte',
    // The short word for bytes knows no plural.
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumFractionDigits: bytes / 1000 ** step < 10 && step > 0 ? 1 : 0,
  }).format(bytes / 1000 ** step)
}

/** `2,450 kbit/s`. */
export function bitrateText(bitrateBps: number): string {
  const kilobits = new Intl.NumberFormat(currentLocale(), { maximumFractionDigits: 0 }).format(bitrateBps / 1000)
  return msg(str`${kilobits} kbit/s`)
}

export function decimalText(value: number, digits = 1): string {
  return new Intl.NumberFormat(currentLocale(), {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(value)
}

/** `21 November 2026, 10:30`. */
export function dateText(iso: string): string {
  return new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'long', timeStyle: 'short' }).format(new Date(iso))
}

/** `5 minutes ago`, `yesterday`; a date when it is more than a week away. */
export function relativeText(iso: string, nowMs: number): string {
  const seconds = (Date.parse(iso) - nowMs) / 1000
  const format = new Intl.RelativeTimeFormat(currentLocale(), { numeric: 'auto' })
  const distance = Math.abs(seconds)
  if (distance < 45) return format.format(0, 'second')
  if (distance < 45 * 60) return format.format(Math.round(seconds / 60), 'minute')
  if (distance < 22 * 3600) return format.format(Math.round(seconds / 3600), 'hour')
  if (distance < 7 * 86_400) return format.format(Math.round(seconds / 86_400), 'day')
  return new Intl.DateTimeFormat(currentLocale(), { dateStyle: 'long' }).format(new Date(iso))
}

export function viewersText(count: number): string {
  const shown = new Intl.NumberFormat(currentLocale()).format(count)
  switch (new Intl.PluralRules(currentLocale()).select(count)) {
    case 'one':
      return msg(str`${shown} viewer`, { id: 'viewers-one' })
    case 'few':
      return msg(str`${shown} viewers`, { id: 'viewers-few' })
    case 'many':
      return msg(str`${shown} viewers`, { id: 'viewers-many' })
    default:
      return msg(str`${shown} viewers`, { id: 'viewers-other' })
  }
}
