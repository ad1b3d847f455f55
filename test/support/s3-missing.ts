import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'

/** Keys that are being put on condition that there is nothing. */
const conditional = new Set<string>()

/**
 * What S3 has and s3rver has not: the parts of an unfinished upload, the list of such uploads, giving one up, and
 * `If-None-Match` on a put. Works on s3rver's own files. Written from the documentation of S3.
 *
 * @returns whether the request has been answered
 */
export async function answerMissing(
  request: IncomingMessage,
  response: ServerResponse,
  directory: string,
): Promise<boolean> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
  const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/.exec(pathname) ?? []
  const uploads = join(directory, bucket, '._S3rver_uploads')
  const id = searchParams.get('uploadId') ?? ''
  const isUpload = /^[0-9a-f]{32}$/.test(id)
  const xml = (status: number, text: string) => {
    request.resume()
    response.writeHead(status, { 'content-type': 'application/xml' })
    response.end(text)
    return true
  }
  if (request.method === 'GET' && key === '' && searchParams.has('uploads')) {
    return xml(200, await listUploads(uploads, bucket))
  }
  if (isUpload && request.method !== 'GET' && !existsSync(join(uploads, id))) {
    return xml(404, '<Error><Code>NoSuchUpload</Code><Message>No such upload.</Message></Error>')
  }
  if (isUpload && request.method === 'DELETE') {
    await rm(join(uploads, id), { recursive: true, force: true })
    response.writeHead(204).end()
    return true
  }
  if (isUpload && request.method === 'GET') {
    const parts = await listParts(join(uploads, id))
    if (parts) return xml(200, parts)
    return xml(404, '<Error><Code>NoSuchUpload</Code><Message>No such upload.</Message></Error>')
  }
  if (request.headers['if-none-match'] !== '*' || !['PUT', 'POST'].includes(request.method ?? '')) return false
  if (existsSync(join(directory, bucket, `${key}._S3rver_object`))) {
    return xml(412, '<Error><Code>PreconditionFailed</Code><Message>It is there.</Message></Error>')
  }
  if (conditional.has(key)) {
    return xml(
      409,
      '<Error><Code>ConditionalRequestConflict</Code><Message>Another one is being put.</Message></Error>',
    )
  }
  conditional.add(key)
  response.once('close', () => conditional.delete(key))
  return false
}

async function listUploads(uploads: string, bucket: string): Promise<string> {
  const ids = await readdir(uploads).catch(() => [])
  const entries = await Promise.all(
    ids.map(async (id) => {
      const key = await readFile(join(uploads, id, 'key'), 'utf8')
      const { birthtime } = await stat(join(uploads, id))
      return `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${birthtime.toISOString()}</Initiated></Upload>`
    }),
  )
  return `<ListMultipartUploadsResult><Bucket>${bucket}</Bucket><IsTruncated>false</IsTruncated>${entries.join('')}</ListMultipartUploadsResult>`
}

async function listParts(upload: string): Promise<string | null> {
  const names = await readdir(upload).catch(() => null)
  if (!names) return null
  const parts = await Promise.all(
    names
      .filter((name) => /^\d+$/.test(name))
      .map(async (name) => {
        const bytes = await readFile(join(upload, name))
        const etag = createHash('md5').update(bytes).digest('hex')
        return `<Part><PartNumber>${name}</PartNumber><ETag>"${etag}"</ETag><Size>${bytes.length}</Size></Part>`
      }),
  )
  return `<ListPartsResult><IsTruncated>false</IsTruncated>${parts.join('')}</ListPartsResult>`
}
