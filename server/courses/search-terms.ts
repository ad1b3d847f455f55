/** One thing that must be found. */
export interface SearchTerm {
  /** As it was typed; matched without regard to case. */
  text: string
  /** Too short to be looked for everywhere: found at the beginning of a title. */
  isPrefix: boolean
}

const MAX_TERMS = 8
/** A trigram index knows nothing of what is shorter. */
const ANYWHERE_LENGTH = 3

/** Words apart by blanks and commas; between quotes, a phrase. All of them must be found. */
export function parseSearch(search: string): SearchTerm[] {
  const terms = [...search.matchAll(/"([^"]*)"|'([^']*)'(?=[\s,]|$)|([^\s,]+)/g)]
    .map(([, double, single, word]) => (double ?? single ?? word ?? '').replace(/\s+/g, ' ').trim())
    .filter((text) => text !== '')
  return [...new Set(terms)].slice(0, MAX_TERMS).map((text) => ({ text, isPrefix: [...text].length < ANYWHERE_LENGTH }))
}

/** For `like`: what the visitor typed means itself. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
