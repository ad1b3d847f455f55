/** So many lines are drawn at least for who follows the newest, and so many more before some go at the top. */
const FOLLOWED = 50
const SLACK = 40
/** So many more for who scrolls, and no more than this in all. */
const STEP = 50
const MOST = 200

/** Which lines are drawn, by their ids, both included; `to` is infinite while the newest are followed. */
export interface ListWindow {
  from: number
  to: number
}

type Entries = readonly { readonly id: number }[]

/**
 * The newest ones, and each that comes. Lines go at the top many at a time: with each of them all others would have to be
 * laid out anew.
 *
 * @param window as it was
 */
export function following(entries: Entries, window?: ListWindow): ListWindow {
  const to = Number.POSITIVE_INFINITY
  const drawn = window?.to === to ? entries.length - indexOf(entries, window.from) : 0
  if (window && drawn >= FOLLOWED && drawn <= FOLLOWED + SLACK) return window
  return { from: entries.at(-FOLLOWED)?.id ?? Number.NEGATIVE_INFINITY, to }
}

/** As it is, whatever comes: for who reads further up. */
export function standing(entries: Entries, { from, to }: ListWindow): ListWindow {
  return { from: Math.max(from, entries[0]?.id ?? from), to: Math.min(to, entries.at(-1)?.id ?? to) }
}

/** With older ones above. What is far below is drawn no longer. */
export function older(entries: Entries, window: ListWindow): ListWindow {
  const start = Math.max(0, indexOf(entries, window.from) - STEP)
  const end = Math.min(lastIndex(entries, window.to), start + MOST - 1)
  return between(entries, start, end)
}

/** With newer ones below. What is far above is drawn no longer. */
export function newer(entries: Entries, window: ListWindow): ListWindow {
  const end = Math.min(entries.length - 1, lastIndex(entries, window.to) + STEP)
  const start = Math.max(indexOf(entries, window.from), end - MOST + 1)
  return between(entries, start, end)
}

/** So that one line stands in its midst. */
export function around(entries: Entries, id: number): ListWindow {
  const at = indexOf(entries, id)
  return between(entries, Math.max(0, at - STEP), Math.min(entries.length - 1, at + STEP))
}

export function within<T extends { readonly id: number }>(entries: readonly T[], window: ListWindow): readonly T[] {
  return entries.slice(indexOf(entries, window.from), lastIndex(entries, window.to) + 1)
}

function between(entries: Entries, start: number, end: number): ListWindow {
  return { from: entries[start]?.id ?? Number.NEGATIVE_INFINITY, to: entries[end]?.id ?? Number.POSITIVE_INFINITY }
}

/** Of the first at or behind that id. */
function indexOf(entries: Entries, id: number): number {
  const found = entries.findIndex((entry) => entry.id >= id)
  return found < 0 ? entries.length : found
}

function lastIndex(entries: Entries, id: number): number {
  return entries.findLastIndex((entry) => entry.id <= id)
}
