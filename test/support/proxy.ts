import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect as dial, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A service behind a door of ours, so that a test can take it away and bring it back without stopping it for others. */
export interface ServiceDoor extends AsyncDisposable {
  directory: string
  /** Every connection ends, new ones are refused. */
  cut(): Promise<void>
  /** Connections stay, and nothing is answered any more. */
  freeze(): void
  restore(): Promise<void>
}

/** @param name of the socket in a directory of its own, such as PostgreSQL's `.s.PGSQL.5432` */
export async function openDoor(target: string, name: string): Promise<ServiceDoor> {
  const directory = mkdtempSync(join(tmpdir(), 'ustat-proxy-'))
  const path = join(directory, name)
  const sockets = new Set<Socket>()
  let isFrozen = false
  const server = createServer((inbound) => {
    const outbound = dial(target)
    for (const [from, to] of [
      [inbound, outbound],
      [outbound, inbound],
    ] as const) {
      sockets.add(from)
      from.on('data', (data) => {
        if (!isFrozen) to.write(data)
      })
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
  })
  const listen = async () => {
    server.listen(path)
    await once(server, 'listening')
  }
  const cut = async () => {
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  await listen()
  return {
    directory,
    cut,
    freeze() {
      isFrozen = true
    },
    async restore() {
      isFrozen = false
      if (!server.listening) await listen()
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await cut()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** The socket behind `postgresql://user@%2Fdir/db`. */
export function postgresSocket(url: string): string {
  return `${decodeURIComponent(/@([^/]+)\//.exec(url)?.[1] ?? '')}/.s.PGSQL.5432`
}

/** The same database through the proxy. */
export function throughProxy(url: string, { directory }: ServiceDoor): string {
  return url.replace(/@[^/]+\//, `@${encodeURIComponent(directory)}/`)
}

/** The socket behind `unix:///path?db=1`. */
export function redisSocket(url: string): string {
  return url.replace(/^unix:\/\//, '').replace(/\?.*$/, '')
}
