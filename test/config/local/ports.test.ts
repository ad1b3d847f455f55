import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, it } from 'vitest'
import { requireFreePorts } from '../../../config/local/ports.ts'

async function listen() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}

it('names the port that is in use and the variable that moves it', async () => {
  await using taken = await listen()
  await expect(requireFreePorts({ RTMP_PORT: taken.port }, '127.0.0.1')).rejects.toThrow(
    `Port ${taken.port} is in use: stop what listens there, or set RTMP_PORT to another one.`,
  )
})

it('sees a port that is in use on one address when it wants every address', async () => {
  await using taken = await listen()
  await expect(requireFreePorts({ PORT: taken.port }, null)).rejects.toThrow(/in use/)
})

it('leaves a free port free', async () => {
  const { port } = await listen().then(async (server) => {
    await server[Symbol.asyncDispose]()
    return server
  })
  await requireFreePorts({ PORT: port }, '127.0.0.1')
  await requireFreePorts({ PORT: port }, null)
})

it('says when the machine does not have the address', async () => {
  await expect(requireFreePorts({ PORT: 18080 }, '192.0.2.1')).rejects.toThrow(
    'HOST: this machine has no address 192.0.2.1.',
  )
})
