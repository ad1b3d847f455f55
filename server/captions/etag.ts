import { createHash } from 'node:crypto'

/** 64 bits of what is in a text: another text has another tag. */
export function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
