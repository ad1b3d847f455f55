import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DomainError } from '../errors.ts'
import { boundaryOf, type Part, readParts } from '../http/multipart.ts'
import { fileKind, SNIFFED_BYTES } from './file-kind.ts'

/** A file that somebody sent, in a place of its own until the form is disposed. */
export interface ReceivedFile {
  path: string
  fileName: string
  mime: string
  sha256: string
  sizeBytes: number
}

/** A form that came in whole. Disposing it deletes what was not taken over. */
export interface ReceivedForm extends AsyncDisposable {
  fields: Record<string, string>
  files: ReceivedFile[]
}

export interface FormLimits {
  maxFiles: number
  maxFileBytes: number
}

const LONGEST_FIELD = 100_000
const FORM_OVERHEAD = 1_000_000

/**
 * Reads a form with files to disk, never more of it in memory than a chunk.
 *
 * @throws {DomainError} `malformed_form`, `too_many_files`, `file_too_large`, `file_type_refused`, `body_too_large`
 */
export async function receiveForm(request: IncomingMessage, limits: FormLimits): Promise<ReceivedForm> {
  const boundary = boundaryOf(request.headers['content-type'] ?? '')
  if (!boundary) throw new DomainError('malformed_form')
  const most = limits.maxFiles * limits.maxFileBytes + FORM_OVERHEAD
  if (Number(request.headers['content-length'] ?? 0) > most) throw new DomainError('body_too_large')
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'ustat-form-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const fields: Record<string, string> = Object.create(null)
  const files: ReceivedFile[] = []
  const chunks = request.iterator({ destroyOnReturn: false })
  try {
    for await (const part of readParts(chunks, boundary)) {
      if (part.fileName === null) {
        fields[part.name] = await readField(part)
        continue
      }
      const file = await writeFile(part, part.fileName, folder, limits.maxFileBytes)
      // A browser sends an empty one where no file was chosen.
      if (file) files.push(file)
      if (files.length > limits.maxFiles) throw new DomainError('too_many_files', { max_files: limits.maxFiles })
    }
  } catch (error) {
    // The visitor who is still sending hears why only once all is sent.
    await chunks.return?.()
    request.resume()
    if (request.errored) throw new DomainError('malformed_form', {}, { cause: error })
    throw error
  }
  const owned = stack.move()
  return { fields, files, [Symbol.asyncDispose]: () => owned.disposeAsync() }
}

async function readField({ body }: Part): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > LONGEST_FIELD) throw new DomainError('body_too_large')
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  // PostgreSQL's text has no zero character.
  if (text.includes('\0')) throw new DomainError('malformed_form')
  return text
}

async function writeFile(
  { body }: Part,
  fileName: string,
  folder: string,
  maxBytes: number,
): Promise<ReceivedFile | null> {
  const path = join(folder, randomBytes(12).toString('hex'))
  const hash = createHash('sha256')
  let head = Buffer.alloc(0)
  let sizeBytes = 0
  await using handle = await open(path, 'wx')
  for await (const chunk of body) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw new DomainError('file_too_large')
    if (head.length < SNIFFED_BYTES) head = Buffer.concat([head, chunk]).subarray(0, SNIFFED_BYTES)
    hash.update(chunk)
    await handle.writeFile(chunk)
  }
  if (sizeBytes === 0) return null
  const mime = await fileKind(head)
  if (!mime) throw new DomainError('file_type_refused', { file: fileName })
  return { path, fileName, mime, sha256: hash.digest('hex'), sizeBytes }
}
