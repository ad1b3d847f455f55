import { createServer } from 'node:net'
import { ConfigError } from '../config.ts'

/**
 * Refuses to start beside whatever has a port already. Looked at before anything is started: a process that finds its
 * port taken halfway through leaves the others to be stopped.
 *
 * @throws {ConfigError} naming the port and the variable that moves it
 */
export async function requireFreePorts(ports: Readonly<Record<string, number>>, host: string | null): Promise<void> {
  for (const [name, port] of Object.entries(ports)) {
    for (const address of host ? [host] : ['0.0.0.0', '::']) {
      const code = await tryToListen(port, address)
      if (code === 'EADDRINUSE') {
        throw new ConfigError(`Port ${port} is in use: stop what listens there, or set ${name} to another one.`)
      }
      if (code === 'EACCES') throw new ConfigError(`Port ${port} is for root alone: set ${name} to one above 1023.`)
      // No IPv6 here.
      if (code && !['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(code)) throw new ConfigError(`${name} ${port}: ${code}.`)
      if (code === 'EADDRNOTAVAIL' && host) throw new ConfigError(`HOST: this machine has no address ${host}.`)
    }
  }
}

function tryToListen(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ port, host, ipv6Only: host === '::', exclusive: true }, () => server.close(() => resolve(null)))
  })
}
