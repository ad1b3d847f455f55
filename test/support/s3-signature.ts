import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/**
 * Whether a request bears the right AWS signature, version 4, in its header or (presigned) in its query, and is not
 * too old. s3rver leaves this out. Written from the documentation of S3, not from the SDK that signs.
 */
export function isSigned(request: IncomingMessage, secret: string, now = Date.now()): boolean {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const isPresigned = url.searchParams.has('X-Amz-Signature')
  const field = (name: string) => url.searchParams.get(`X-Amz-${name}`) ?? ''
  const header = String(request.headers.authorization ?? '')
  const inHeader = (name: string) => new RegExp(`${name}=([^,\\s]+)`).exec(header)?.[1] ?? ''
  const [credential, names, signature] = isPresigned
    ? [field('Credential'), field('SignedHeaders'), field('Signature')]
    : [inHeader('Credential'), inHeader('SignedHeaders'), inHeader('Signature')]
  const date = isPresigned ? field('Date') : String(request.headers['x-amz-date'] ?? '')
  const [, day = '', region = '', service = ''] = credential.split('/')

  const lifeMs = isPresigned ? Number(field('Expires')) * 1000 : 15 * 60_000
  const signedAt = Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'))
  if (!(now < signedAt + lifeMs) || !date.startsWith(day)) return false

  url.searchParams.delete('X-Amz-Signature')
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  const headers = names.split(';').map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`)
  const payload = isPresigned ? 'UNSIGNED-PAYLOAD' : String(request.headers['x-amz-content-sha256'])
  const canonical = [request.method, url.pathname, query, headers.join(''), names, payload].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const text = ['AWS4-HMAC-SHA256', date, scope, createHash('sha256').update(canonical).digest('hex')].join('\n')
  let key: Buffer = Buffer.from(`AWS4${secret}`)
  for (const part of [day, region, service, 'aws4_request']) key = createHmac('sha256', key).update(part).digest()
  return createHmac('sha256', key).update(text).digest('hex') === signature
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
