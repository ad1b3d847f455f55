import { limits } from './protocol.ts'

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/**
 * What a person may put before a thousand others: NFC, no control characters, none that turn the direction of other
 * people's text, at most three marks on a letter and three lines' breaks in a row.
 *
 * @returns null when nothing is left of it, or it is longer than 500 letters or 2,000 bytes
 */
export function cleanText(text: string): string | null {
  if (text.length > limits.bytes * 4) return null
  const cleaned = text
    .normalize('NFC')
    .replace(/\r\n?/g, '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/g, '')
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
    .replace(/\n{4,}/g, '\n\n\n')
    .trim()
  if (cleaned === '' || Buffer.byteLength(cleaned) > limits.bytes) return null
  let graphemes = 0
  for (const _ of segmenter.segment(cleaned)) if (++graphemes > limits.graphemes) return null
  return cleaned
}
