import { printable } from './library-path.ts'
import type { Category, Status } from './status.ts'
import type { Trouble } from './walk-folder.ts'

const SHOWN = 20

/** `43.89 GB`, of 10⁹ bytes as stores bill them. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(2)} ${units[unit]}`
}

/** `3,346`. */
export function count(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Never says 100 before it is all. */
export function percent(part: number, whole: number): string {
  if (part >= whole) return '100 %'
  return `${(Math.floor((part / whole) * 10_000) / 100).toFixed(2)} %`
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

/** Lines under a heading; nothing of nothing. */
export function troubles(heading: string, all: readonly Trouble[]): string[] {
  return list(
    heading,
    all.map(({ path, why }) => `${path}: ${why}`),
  )
}

export function list(heading: string, all: readonly string[]): string[] {
  if (all.length === 0) return []
  const lines = all.slice(0, SHOWN).map((line) => `  ${printable(line)}`)
  const rest = all.length > SHOWN ? [`  … and ${count(all.length - SHOWN)} more`] : []
  return [`${heading} (${count(all.length)}):`, ...lines, ...rest]
}

export function statusTable({ categories, total, objects, objectBytes }: Status): string[] {
  const shown = [...categories, { ...total, name: 'Total' }]
  const rows = [
    ['Category', 'Files', 'Size', 'In the store'],
    ...shown.map((each) => [printable(each.name), count(each.files), size(each.bytes), share(each)]),
  ]
  const lines = table(rows)
  const rule = '─'.repeat(Math.max(...lines.map((line) => line.length)))
  const saved = total.storedBytes - objectBytes
  return [
    ...[lines[0] ?? '', rule, ...lines.slice(1, -1), rule, lines.at(-1) ?? ''],
    `${count(objects)} objects of ${size(objectBytes)}${saved > 0 ? `; files of equal content share one, which saves ${size(saved)}` : ''}.`,
  ]
}

/** The first column to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ')
      .trimEnd(),
  )
}

function share({ files, stored }: Category): string {
  return percent(stored, files)
}
