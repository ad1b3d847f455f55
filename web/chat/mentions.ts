const word = /^[\p{L}\p{N}_.-]{2,30}/u
const inWord = /[\p{L}\p{N}_]/u

/** Names in lower case. */
export type NameBook = Pick<ReadonlySet<string>, 'has'>

/**
 * The name behind an `@`: the longest of the names that are known, since names have spaces in them; else the next word.
 *
 * @param rest what follows the `@`
 */
export function mentionedName(rest: string, names: NameBook): string | null {
  const line = (rest.split('\n', 1)[0] ?? '').slice(0, 50)
  for (let end = line.length; end >= 2; end -= 1) {
    const isWholeWord = !inWord.test(line[end] ?? '') || !inWord.test(line[end - 1] ?? '')
    if (isWholeWord && names.has(line.slice(0, end).toLowerCase())) return line.slice(0, end)
  }
  // A sentence's stop is none of the name's.
  return word.exec(rest)?.[0].replace(/[.-]+$/, '') || null
}

/** Whether that name means this reader: their whole name, or the first part of it. */
export function means(name: string, me: string): boolean {
  const mine = me.toLowerCase()
  const called = name.toLowerCase()
  return me !== '' && (called === mine || called === mine.split(' ')[0])
}

/** Whether a message calls this reader. */
export function mentions(text: string, me: string): boolean {
  const mine = new Set([me.toLowerCase()])
  for (let at = text.indexOf('@'); me !== '' && at >= 0; at = text.indexOf('@', at + 1)) {
    const name = mentionedName(text.slice(at + 1), mine)
    if (name && !inWord.test(text[at - 1] ?? '') && means(name, me)) return true
  }
  return false
}

/** What is being completed in front of the caret. */
export interface Completion {
  kind: 'name' | 'emoji'
  /** Without its sign. */
  query: string
  /** Of the sign. */
  start: number
}

/** An `@` and the beginning of a name, or a `:` and at least two letters of an emoji's. */
export function completionAt(text: string, caret: number): Completion | null {
  const before = text.slice(0, caret)
  const name = /(?:^|[\s(])@([^\s@:]{0,30}(?: [^\s@:]{1,30})?)$/u.exec(before)
  if (name) return { kind: 'name', query: name[1] ?? '', start: before.lastIndexOf('@') }
  const emoji = /(?:^|[^\p{L}\p{N}:]):([\p{L}\p{N}_+-]{2,30})$/u.exec(before)
  return emoji ? { kind: 'emoji', query: emoji[1] ?? '', start: before.lastIndexOf(':') } : null
}

/** The shortcode that has just been ended by its second colon; null when there is none before the caret. */
export function closedShortcode(text: string, caret: number): { name: string; start: number } | null {
  const found = /(?:^|[^\p{L}\p{N}:]):([a-z0-9_+-]{2,40}):$/u.exec(text.slice(0, caret))
  return found?.[1] ? { name: found[1], start: caret - found[1].length - 2 } : null
}

/** Those whose name has a part that begins so, the better ones first; at most eight. */
export function matchingNames(names: Iterable<string>, query: string): string[] {
  const sought = query.toLowerCase()
  const rank = (name: string) => {
    const lower = name.toLowerCase()
    if (lower.startsWith(sought)) return 0
    return lower.split(/[\s_.-]+/).some((part) => part.startsWith(sought)) ? 1 : 2
  }
  return [...new Set(names)]
    .filter((name) => rank(name) < 2)
    .sort((a, b) => rank(a) - rank(b) || a.localeCompare(b))
    .slice(0, 8)
}
