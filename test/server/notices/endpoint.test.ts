import type { lookup } from 'node:dns'
import { once } from 'node:events'
import { Agent, request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { isEndpoint, isPublicAddress, lookupPublic, publicAgent } from '../../../server/notices/endpoint.ts'

it.each([
  'https://fcm.googleapis.com/fcm/send/abc:def',
  'https://updates.push.services.mozilla.com/wpush/v2/gAAA',
  'https://web.push.apple.com/QOxyz',
  'https://wns2-par02p.notify.windows.com/w/?token=BQY%3d',
])('takes a push service: %s', (endpoint) => {
  expect(isEndpoint(endpoint)).toBe(true)
})

it.each([
  'http://fcm.googleapis.com/fcm/send/abc',
  'https://fcm.googleapis.com:8443/x',
  'https://push.example.org:443/x',
  'https://PUSH.example.org/x',
  'https://127.0.0.1/x',
  'https://2130706433/x',
  'https://0x7f.1/x',
  'https://0177.0.0.1/x',
  'https://[::1]/x',
  'https://[::ffff:169.254.169.254]/x',
  'https://8.8.8.8/x',
  'https://localhost/x',
  'https://localhost./x',
  'https://api.localhost/x',
  'https://printer.local/x',
  'https://metadata.google.internal/x',
  'https://db.corp/x',
  'https://redis/x',
  'https://user:pass@push.example.org/x',
  'https://push.example.org/x#y',
  'https://１２７.０.０.１/x',
  'https://push.example.org\\@127.0.0.1:1/x',
  'ftp://push.example.org/x',
  'unix:/run/redis.sock',
  '//push.example.org/x',
  '',
  `https://push.example.org/${'x'.repeat(1000)}`,
])('refuses what could be ours, or nobody’s: %s', (endpoint) => {
  expect(isEndpoint(endpoint)).toBe(false)
})

it.each(['93.184.215.14', '8.8.8.8', '172.32.0.1', '2606:4700::6810:84e5', '2a00:1450:4009:823::200a'])(
  '%s is everybody’s',
  (address) => {
    expect(isPublicAddress(address)).toBe(true)
  },
)

it.each([
  ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.169.254', '100.64.0.1'],
  ...['0.0.0.0', '224.0.0.1', '255.255.255.255', '198.18.0.1', '192.0.2.1', '192.0.0.8'],
  ...['::', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '::127.0.0.1', 'fe80::1', 'fc00::1', 'fd12::1', 'ff02::1'],
  ...['64:ff9b::7f00:1', '64:ff9b:1::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '100::1', 'nonsense', ''],
])('%s is not', (address) => {
  expect(isPublicAddress(address)).toBe(false)
})

/** A name server that answers these, in turn; the last one for ever. */
function resolver(...answers: string[][]): typeof lookup {
  const answer = (_: string, __: object, callback: (error: null, addresses: object[]) => void) => {
    const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? []
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
  }
  return answer as unknown as typeof lookup
}

it('a name that leads to a public and a private address is not connected to at all', async () => {
  const find = (...addresses: string[]) =>
    new Promise((resolve) => {
      lookupPublic(resolver(addresses))('push.example.org', { all: true }, (error, found) => resolve(error ?? found))
    })
  expect(await find('93.184.215.14')).toEqual([{ address: '93.184.215.14', family: 4 }])
  expect(await find('93.184.215.14', '127.0.0.1')).toBeInstanceOf(Error)
  expect(await find('::1')).toBeInstanceOf(Error)
  expect(await find()).toBeInstanceOf(Error)
})

it('a name that was public when it was given, and leads home when it is used, reaches nobody', async () => {
  let connections = 0
  const home = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(home, 'listening')
  const { port } = home.address() as AddressInfo
  const lookup = resolver(['127.0.0.1'])
  const call = (agent: Agent) =>
    new Promise<{ code?: string }>((resolve) => {
      request({ host: 'push.example.org', port, agent }).on('error', resolve).end()
    })
  expect((await call(new Agent({ lookup: lookupPublic(lookup) }))).code).toBe('ENOTPUBLIC')
  expect(connections).toBe(0)
  // The same without our lookup does reach it.
  expect((await call(new Agent({ lookup: lookup as never }))).code).not.toBe('ENOTPUBLIC')
  expect(connections).toBe(1)
  home.close()
})

it('the agent that is used looks names up that way', async () => {
  const agent = publicAgent()
  const failure = await new Promise<{ code?: string }>((resolve) => {
    request({ host: 'localhost', port: 443, agent }).on('error', resolve).end()
  })
  expect(failure.code).toBe('ENOTPUBLIC')
  agent.destroy()
})
