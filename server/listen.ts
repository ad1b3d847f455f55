import { once } from 'node:events'
import { chmodSync, rmSync } from 'node:fs'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'

/** How long requests that are under way may take when the process stops. */
const DRAIN_MS = 8000

/**
 * Serves HTTP on a unix socket's path or `host:port`. Disposing it stops accepting, lets running requests end, and removes
 * the socket.
 */
export async function listen(address: string, handle: RequestListener): Promise<AsyncDisposable> {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 15_000, keepAliveTimeout: 65_000 }, handle)
  const isSocket = address.includes('/')
  if (isSocket) {
    // Left behind by a process that was killed.
    rmSync(address, { force: true })
    server.listen(address)
  } else {
    const at = address.lastIndexOf(':')
    server.listen(Number(address.slice(at + 1)), address.slice(0, at))
  }
  await once(server, 'listening')
  // nginx's workers are another user; the directory says who may come in.
  if (isSocket) chmodSync(address, 0o660)
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      server.closeIdleConnections()
      const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS)
      await closed
      clearTimeout(timer)
    },
  }
}
