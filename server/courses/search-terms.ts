/** One thing that must be found. */
export interface SearchTerm {
  /** As it was typed; matched without regard to case. */
  text: string
  /**
   * A `word` is found in any of its forms, whatever it goes on with, and within the words of titles and teachers' names; a
   * `phrase`, or what is no word alone, letter by letter; what is too short for both at the `beginning` of a title.
   */
  kind: 'word' | 'phrase' | 'beginning'
}

const MAX_TERMS = 8
/** The index of what a text has in it knows nothing shorter. */
const ANYWHERE_LENGTH = 3

/** Words apart by blanks and commas; between quotes, a phrase. All of them must be found. */
export function parseSearch(search: string): SearchTerm[] {
  const terms = [...search.matchAll(/"([^"]*)"|'([^']*)'(?=[\s,]|$)|([^\s,]+)/g)]
    .map(([, double, single, word]) => (double ?? single ?? word ?? '').replace(/\s+/g, ' ').trim())
    .filter((text) => text !== '')
  return [...new Set(terms)].slice(0, MAX_TERMS).map((text) => ({ text, kind: kindOf(text) }))
}

function kindOf(text: string): SearchTerm['kind'] {
  if ([...text].length < ANYWHERE_LENGTH) return 'beginning'
  return /^[\p{L}\p{N}]+$/u.test(text) ? 'word' : 'phrase'
}

/** For `like`: what the visitor typed means itself. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
