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
  return isProxy(request.socket.remoteAddress)
}

/** @param peer nothing, of a unix socket */
export function isProxy(peer: string | undefined): boolean {
  return (
    !peer || proxies.check(peer.replace(/^::ffff:/, ''), isIP(peer.replace(/^::ffff:/, '')) === 6 ? 'ipv6' : 'ipv4')
  )
}

/**
 * Who is on the other side of our proxy. Only the last hop of `X-Forwarded-For` was written by the proxy itself; whatever
 * stands before it came from the visitor and is worth nothing.
 */
export function clientAddress(request: IncomingMessage): string {
  return addressBehind(request.socket.remoteAddress, String(request.headers['x-forwarded-for'] ?? ''))
}

/** The same of any server's request: who it came from, and its `X-Forwarded-For`. */
export function addressBehind(remote: string | undefined, forwardedFor: string): string {
  const peer = remote?.replace(/^::ffff:/, '') || 'local'
  if (!isProxy(remote)) return peer
  const last = forwardedFor.split(',').at(-1)?.trim() ?? ''
  return isIP(last) ? last : peer
}

/** `https` when the visitor came over TLS, as far as our own proxy says so. */
export function isSecure(request: IncomingMessage, publicUrl: string): boolean {
  const forwarded = isFromProxy(request) ? request.headers['x-forwarded-proto'] : undefined
  if (forwarded === 'https' || forwarded === 'http') return forwarded === 'https'
  return publicUrl.startsWith('https:')
}
