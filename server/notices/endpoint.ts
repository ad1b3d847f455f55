import { lookup as resolve } from 'node:dns'
import { Agent } from 'node:https'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/**
 * An endpoint is an address that a visitor gave us and our server then calls: it must be a push service out there, never
 * something that only this machine can reach. Looked at when it is given, and again at each connection, because by then
 * its name may lead elsewhere.
 */

const MAX_LENGTH = 1000
/** Names that are never of the public Internet: RFC 6761, 6762, 8375 and what private networks use. */
const privateNames =
  /(?:^|\.)(?:localhost|local|internal|intranet|private|corp|home|lan|test|invalid|onion|home\.arpa)$/

/** What IANA's registries of special-purpose addresses list as not globally reachable, and everything that embeds IPv4. */
const closed = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const) {
  closed.addSubnet(network, bits, 'ipv4')
}
/** Of IPv6 only what is given out as global unicast is open. */
const open6 = new BlockList()
open6.addSubnet('2000::', 3, 'ipv6')
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  closed.addSubnet(network, bits, 'ipv6')
}

export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !closed.check(address, 'ipv4')
  return family === 6 && open6.check(address, 'ipv6') && !closed.check(address, 'ipv6')
}

/** HTTPS on its own port, by a name, without a password: so have all push services theirs. */
export function isEndpoint(text: string): boolean {
  const url = text.length <= MAX_LENGTH ? URL.parse(text) : null
  // As a browser writes it: two readers of an odd one might read different hosts.
  if (url?.protocol !== 'https:' || url.href !== text) return false
  if (url.port !== '' || url.username || url.password || url.hash) return false
  const name = url.hostname
  return /^[a-z0-9.-]+\.[a-z][a-z0-9-]+$/.test(name) && isIP(name) === 0 && !privateNames.test(name)
}

/** Resolves a name to public addresses, and fails when it has a single other: that one is no push service. */
export function lookupPublic(lookup: typeof resolve = resolve): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, [])
      const [first] = addresses
      if (!first || !addresses.every(({ address }) => isPublicAddress(address))) {
        return callback(Object.assign(new Error('not a public address'), { code: 'ENOTPUBLIC' }), [])
      }
      if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

/** Connects to public addresses alone; a connection of a push service is used again. */
export function publicAgent(): Agent {
  return new Agent({ lookup: lookupPublic(), keepAlive: true, maxSockets: 50, maxFreeSockets: 10, timeout: 30_000 })
}
