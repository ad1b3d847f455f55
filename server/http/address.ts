import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Where our own proxy can be: this machine and private networks. The api's port is never published. */
const proxies = new BlockList()
proxies.addSubnet('127.0.0.0', 8)
proxies.addSubnet('10.0.0.0', 8)
proxies.addSubnet('172.16.0.0', 12)
proxies.addSubnet('192.168.0.0', 16)
proxies.addAddress('::1', 'ipv6')
proxies.addSubnet('fc00::', 7, 'ipv6')

/** Whether the other end of the socket is our own proxy; of a unix socket it always is. */
export function isFromProxy(request: IncomingMessage): boolean {
  const peer = request.socket.remoteAddress?.replace(/^::ffff:/, '')
  if (!peer) return true
  return proxies.check(peer, isIP(peer) === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Who is on the other side of our proxy. Only the last hop of `X-Forwarded-For` was written by the proxy itself; whatever
 * stands before it came from the visitor and is worth nothing.
 */
export function clientAddress(request: IncomingMessage): string {
  const peer = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? 'local'
  if (!isFromProxy(request)) return peer
  const hops = String(request.headers['x-forwarded-for'] ?? '').split(',')
  const last = hops.at(-1)?.trim() ?? ''
  return isIP(last) ? last : peer
}

/** `https` when the visitor came over TLS, as far as our own proxy says so. */
export function isSecure(request: IncomingMessage, publicUrl: string): boolean {
  const forwarded = isFromProxy(request) ? request.headers['x-forwarded-proto'] : undefined
  if (forwarded === 'https' || forwarded === 'http') return forwarded === 'https'
  return publicUrl.startsWith('https:')
}
