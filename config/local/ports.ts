import { createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { ConfigError } from '../config.ts'

/**
 * Refuses to start beside whatever has a port already. Looked at before anything is started: a process that finds its
 * port taken halfway through leaves the others to be stopped.
 *
 * @param patienceMs how long a port may still be in use, by what a killed launcher left to drain
 * @throws {ConfigError} naming the port and the variable that moves it
 */
export async function requireFreePorts(
  ports: Readonly<Record<string, number>>,
  host: string | null,
  patienceMs = 0,
): Promise<void> {
  const patientUntil = performance.now() + patienceMs
  for (const [name, port] of Object.entries(ports)) {
    for (const address of host ? [host] : ['0.0.0.0', '::']) {
      let code = await tryToListen(port, address)
      while (code === 'EADDRINUSE' && performance.now() < patientUntil) {
        await pause(100)
        code = await tryToListen(port, address)
      }
      const complaint = complaintAbout(code, name, port, host)
      if (complaint) throw new ConfigError(complaint)
    }
  }
}

function complaintAbout(code: string | null, name: string, port: number, host: string | null): string | null {
  if (code === null) return null
  if (code === 'EADDRINUSE') return `Port ${port} is in use: stop what listens there, or set ${name} to another one.`
  if (code === 'EACCES') return `Port ${port} is for root alone: set ${name} to one above 1023.`
  if (host) return `HOST: this machine has no address ${host}.`
  // Every address was meant; without IPv6 those of IPv4 are every one.
  return ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(code) ? null : `${name} ${port}: ${code}.`
}

function tryToListen(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
    server.listen({ port, host, ipv6Only: host === '::', exclusive: true }, () => server.close(() => resolve(null)))
  })
}
