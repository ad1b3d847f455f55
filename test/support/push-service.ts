import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import { Agent, createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import jwt from 'jsonwebtoken'
import { run } from '../../config/local/processes.ts'

const HOST = 'push.example.org'

/** What a browser hands over when it subscribes, as our API takes it. */
export interface BrowserSubscription {
  endpoint: string
  keys: { p256dh: string; auth: string }
  language: 'ru' | 'en'
}

/** A push as its browser reads it. */
export interface ReceivedPush {
  endpoint: string
  headers: IncomingHttpHeaders
  payload: { id: string; title: string; body: string; url: string; lang: string }
  /** Of the token that says who sends: its claims, checked against the key beside it. */
  claims: jwt.JwtPayload
  /** The sender's public key. */
  publicKey: string
}

/** A push service on this machine, under the name of one on the Internet, that decrypts what it gets. */
export interface PushService extends AsyncDisposable {
  /** Reaches it under its name. */
  agent: Agent
  received: ReceivedPush[]
  /** How many were posted to an endpoint, taken or not. */
  asked(endpoint: string): number
  aBrowser(language?: 'ru' | 'en'): BrowserSubscription
  /** How the next ones to an endpoint are answered; the default is 201. */
  answer(endpoint: string, ...answers: ((response: ServerResponse) => void)[]): void
}

export async function startPushService(): Promise<PushService> {
  const { key, cert } = await certificate()
  const browsers = new Map<string, { ecdh: ReturnType<typeof createECDH>; auth: Buffer }>()
  const answers = new Map<string, ((response: ServerResponse) => void)[]>()
  const posts: string[] = []
  const received: ReceivedPush[] = []
  const server = createServer({ key, cert }, async (request, response) => {
    const endpoint = `https://${request.headers.host}${request.url}`
    posts.push(endpoint)
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const answer = answers.get(endpoint)?.shift()
    if (answer) return answer(response)
    const browser = browsers.get(endpoint)
    if (!browser || request.method !== 'POST') return void response.writeHead(404).end()
    const { claims, publicKey } = verifySender(request.headers.authorization ?? '')
    const payload = JSON.parse(decrypt(Buffer.concat(pieces), browser).toString())
    received.push({ endpoint, headers: request.headers, payload, claims, publicKey })
    response.writeHead(201).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const agent = new Agent({ host: '127.0.0.1', port, ca: cert, keepAlive: true })
  return {
    agent,
    received,
    asked: (endpoint) => posts.filter((each) => each === endpoint).length,
    aBrowser(language = 'en') {
      const ecdh = createECDH('prime256v1')
      const p256dh = ecdh.generateKeys('base64url')
      const auth = randomBytes(16)
      const endpoint = `https://${HOST}/send/${randomBytes(12).toString('base64url')}`
      browsers.set(endpoint, { ecdh, auth })
      return { endpoint, keys: { p256dh, auth: auth.toString('base64url') }, language }
    },
    answer(endpoint, ...next) {
      answers.set(endpoint, next)
    },
    async [Symbol.asyncDispose]() {
      agent.destroy()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** RFC 8291, 3.4, with the one record of RFC 8188 that a push is. */
function decrypt(message: Buffer, { ecdh, auth }: { ecdh: ReturnType<typeof createECDH>; auth: Buffer }): Buffer {
  const salt = message.subarray(0, 16)
  const recordSize = message.readUInt32BE(16)
  const senderKey = message.subarray(21, 21 + message.readUInt8(20))
  const record = message.subarray(21 + senderKey.length)
  if (record.length > recordSize) throw new Error('more than one record')
  const shared = ecdh.computeSecret(senderKey)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), senderKey])
  const ikm = Buffer.from(hkdfSync('sha256', shared, auth, info, 32))
  const key = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: aes128gcm\0', 16))
  const nonce = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: nonce\0', 12))
  const decipher = createDecipheriv('aes-128-gcm', key, nonce).setAuthTag(record.subarray(-16))
  const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
  const end = padded.lastIndexOf(2)
  if (end < 0 || padded.subarray(end + 1).some((byte) => byte !== 0)) throw new Error('not the last record')
  return padded.subarray(0, end)
}

/** RFC 8292, 3: an ES256 token for this origin alone, and the key that it is signed with. */
function verifySender(authorization: string): Pick<ReceivedPush, 'claims' | 'publicKey'> {
  const [, token = '', publicKey = ''] = /^vapid t=([\w.-]+), ?k=([\w-]+)$/.exec(authorization) ?? []
  const point = Buffer.from(publicKey, 'base64url')
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'))
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  const claims = jwt.verify(token, key, { algorithms: ['ES256'], audience: `https://${HOST}` }) as jwt.JwtPayload
  return { claims, publicKey }
}

async function certificate(): Promise<{ key: string; cert: string }> {
  const directory = mkdtempSync(join(tmpdir(), 'ustat-push-'))
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')]
  try {
    await run([
      ...(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'] as const),
      ...['-days', '1', '-keyout', key, '-out', cert, '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`],
    ])
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } finally {
    rmSync(directory, { recursive: true })
  }
}
