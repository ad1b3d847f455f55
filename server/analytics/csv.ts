import { stringify } from 'csv-stringify/sync'

/**
 * A table for Excel and its like: UTF-8 with a mark, so that they read Cyrillic, and no cell that they would run as a
 * formula.
 */
export function toCsv(columns: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return stringify([columns, ...rows.map((row) => row.map(harmless))], {
    bom: true,
    record_delimiter: 'windows',
    quoted_match: /[\r\n]/,
  })
}

/** Numbers may begin with a minus; a text that begins as a formula does gets a sign before it that says "text". */
export function harmless(cell: string | number): string {
  const text = String(cell)
  if (/^-?\d+(\.\d+)?$/.test(text)) return text
  return /^[\s\p{C}]*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/u.test(text) ? `'${text}` : text
}
