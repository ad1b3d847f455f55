import { request } from 'node:http'
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
  const target = base.startsWith('unix:')
    ? { socketPath: base.replace(/^unix:(\/\/)?/, ''), path }
    : { ...addressOf(base), path }
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: string }>()
  const call = request({
    ...target,
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

function addressOf(base: string): { hostname: string; port: string } {
  const { hostname, port } = new URL(base)
  return { hostname, port }
}
