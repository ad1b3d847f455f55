export const MAX_LETTERS = 500
const MAX_BYTES = 2000
const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const encoder = new TextEncoder()

/** As people count: a flag or a family is one. */
export function countLetters(text: string): number {
  // Nothing near the limit needs an exact answer with every key that is pressed.
  return text.length < MAX_LETTERS / 2 ? text.length : [...segmenter.segment(text.trim())].length
}

/** What the hub would refuse: more than 500 letters, or 2,000 bytes. */
export function isTooLong(text: string): boolean {
  return countLetters(text) > MAX_LETTERS || encoder.encode(text.trim()).length > MAX_BYTES
}
