/** Letters and digits in small ones, everything between them one blank: so that neither dots nor case hide a word. */
export function cleanTerm(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\p{M}+/gu, '')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** Whether one of them is in it, as whole words. */
export function hasBlockedTerm(terms: readonly string[], text: string): boolean {
  if (terms.length === 0) return false
  const words = ` ${cleanTerm(text)} `
  return terms.some((term) => words.includes(` ${cleanTerm(term)} `))
}
