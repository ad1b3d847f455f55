import type { TemplatedApp, us_listen_socket } from 'uWebSockets.js'
import { rm } from 'node:fs/promises'

/**
 * Lets a uWebSockets app listen on a unix socket's path or on `host:port`; port 0 takes a free one.
 *
 * @param portOf `us_socket_local_port`: the package itself is imported by its two servers alone
 * @returns where it listens, with the port that was taken, and its socket
 * @throws {Error} in one sentence, when it cannot
 */
export async function listenUws(
  app: TemplatedApp,
  where: string,
  portOf: (socket: us_listen_socket) => number,
): Promise<{ address: string; socket: us_listen_socket }> {
  const isPath = where.includes('/')
  if (isPath && Buffer.byteLength(where) > 107) {
    throw new Error(`cannot listen on ${where}: a unix socket's path has at most 107 bytes`)
  }
  // A socket's file from a process that was killed; uWebSockets would take over a live one as well.
  if (isPath) await rm(where, { force: true })
  const colon = where.lastIndexOf(':')
  const [host, port] = [where.slice(0, colon), Number(where.slice(colon + 1))]
  const socket = await new Promise<us_listen_socket | false>((resolve) => {
    if (isPath) app.listen_unix(resolve, where)
    else app.listen(host, port, resolve)
  })
  if (!socket) throw new Error(`cannot listen on ${where}: it is in use, or not ours to take`)
  return { address: isPath ? where : `${host}:${portOf(socket)}`, socket }
}
