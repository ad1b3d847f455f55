import { msg, str } from '@lit/localize'
import type { RunJson } from '../../server/library/contract.ts'
import { currentLocale } from '../locale.ts'

/** `3,346`. */
export function countText(count: number): string {
  return new Intl.NumberFormat(currentLocale()).format(count)
}

/** `$1.24`. */
export function dollarText(dollars: number): string {
  return new Intl.NumberFormat(currentLocale(), {
    style: 'currency',
    currency: 'USD',
    currencyDisplay: 'narrowSymbol',
  }).format(dollars)
}

export function runningText({ kind, deep, dry_run, status }: RunJson, progress: number): string {
  if (status === 'queued') return msg('Waits for its turn.')
  if (kind === 'prune') return dry_run ? msg('Looks for what no file needs.') : msg('Deletes what no file needs.')
  return deep ? msg(str`Reads and compares everything · ${progress} %`) : msg('Checks names and sizes.')
}

export function runFailureText(code: string): string {
  if (code === 'store_unavailable') return msg('The store could not be reached or refused. Try again in a minute.')
  return msg('An upload or another command runs over the library. Try again once it has ended.')
}
