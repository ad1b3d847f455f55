import type { IncomingMessage } from 'node:http'
import { DomainError } from '../errors.ts'

/** What nginx lets through; an hour of talk is some 80 kB. */
const MAX_BYTES = 1_000_000
/** A form can send none of them, and they are what browsers and curl call such files. */
export const captionTypes = ['text/vtt', 'application/x-subrip', 'text/plain', 'application/octet-stream'] as const

/**
 * A file of captions that is the whole body of a request.
 *
 * @throws {DomainError} `file_type_refused`, `body_too_large`
 */
export async function receiveCaptions(request: IncomingMessage): Promise<Buffer> {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!captionTypes.some((one) => one === type)) throw new DomainError('file_type_refused')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    // The sender hears why only once all is sent.
    if (size <= MAX_BYTES) chunks.push(chunk)
  }
  if (size > MAX_BYTES) throw new DomainError('body_too_large')
  return Buffer.concat(chunks)
}
