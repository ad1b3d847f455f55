import type { IncomingMessage } from 'node:http'
import { DomainError } from '../errors.ts'

const LIMIT = 1024 * 1024

/**
 * A body as it came: a signature is over every byte of it.
 *
 * @throws {DomainError} `body_too_large` above 1 MB
 */
export async function readRaw(request: IncomingMessage): Promise<string> {
  if (Number(request.headers['content-length']) > LIMIT) throw new DomainError('body_too_large')
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LIMIT) throw new DomainError('body_too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
