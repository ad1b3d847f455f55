import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

const TIMEOUT_MS = 2000

/**
 * Asks another process of ours past nginx.
 *
 * @param base `http://host:port` or `unix:/path`
 * @throws {Error} when it cannot be reached within 2 s
 */
export async function callInternal(
  base: string,
  { method, path, secret }: { method: 'GET' | 'POST'; path: string; secret: string },
): Promise<{ status: number; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const call = request({
    ...targetOf(base),
    path,
    method,
    headers: { 'x-internal-secret': secret, 'content-length': 0, host: 'internal' },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  })
  call.on('error', reject)
  call.on('response', (answer) => {
    text(answer).then((body) => resolve({ status: answer.statusCode ?? 0, body }), reject)
  })
  call.end()
  return promise
}

/**
 * A file that another process of ours serves.
 *
 * @throws {Error} when it cannot be reached or has no such file
 */
export async function fetchInternal(base: string, path: string): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const call = request({ ...targetOf(base), path, headers: { host: 'internal' }, timeout: TIMEOUT_MS })
  call.on('error', reject)
  call.on('timeout', () => call.destroy(new Error('another process does not answer')))
  call.on('response', (answer) => {
    if (answer.statusCode === 200) return resolve(answer)
    answer.resume()
    reject(new Error(`another process answered ${answer.statusCode}`))
  })
  call.end()
  return promise
}

function targetOf(base: string): { socketPath: string } | { hostname: string; port: string } {
  if (base.startsWith('unix:')) return { socketPath: base.replace(/^unix:(\/\/)?/, '') }
  const { hostname, port } = new URL(base)
  return { hostname, port }
}
