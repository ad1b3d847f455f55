import { createClient } from 'redis'
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { createRedis } from '../../../media/storage/redis.ts'
import { type RedisClient, Revocations } from '../../../media/storage/revocations.ts'
import { openDoor, redisSocket, type ServiceDoor } from '../../support/proxy.ts'

const quiet = { info() {}, warn() {} }
const seconds = () => Math.floor(Date.now() / 1000)
let stack = new AsyncDisposableStack()
let proxy: ServiceDoor
let admin: RedisClient

beforeAll(async () => {
  proxy = await openDoor(redisSocket(inject('redisUrl')), 'redis.sock')
  admin = (await createClient({ url: `${inject('redisUrl')}?db=0` }).connect()) as RedisClient
})
afterEach(async () => {
  await proxy.restore()
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
  await admin.del('revocations')
})
afterAll(async () => {
  admin.destroy()
  await proxy[Symbol.asyncDispose]()
})

/** What a process of its own has. */
async function open(): Promise<{ revocations: Revocations; redis: RedisClient }> {
  const redis = createRedis(`unix://${proxy.directory}/redis.sock`, quiet)
  stack.defer(() => redis.destroy())
  redis.connect().catch(() => {})
  const revocations = stack.use(new Revocations(redis, quiet))
  await revocations.start()
  return { revocations, redis }
}

describe('a revocation', () => {
  it('holds at once where it was made and soon everywhere, for tokens issued before', async () => {
    const [here, there] = [await open(), await open()]
    const old = { subject: 'u7', issuedAt: seconds() - 100 }
    expect(there.revocations.isRevoked(old)).toBe(false)
    await here.revocations.revoke('u7')
    expect(here.revocations.isRevoked(old)).toBe(true)
    await vi.waitFor(() => expect(there.revocations.isRevoked(old)).toBe(true))
    expect(there.revocations.isRevoked({ subject: 'u77', issuedAt: 0 })).toBe(false)
    expect(there.revocations.isRevoked({ subject: 'u7', issuedAt: there.revocations.issuedBefore('u7') })).toBe(false)
  })

  it('is read without a complaint whichever of its two connections is there first', async () => {
    await admin.hSet('revocations', 'u9', String(seconds()))
    const warnings: unknown[] = []
    const redis = createRedis(`unix://${proxy.directory}/redis.sock`, quiet)
    stack.defer(() => redis.destroy())
    const revocations = stack.use(new Revocations(redis, { warn: (...said) => void warnings.push(said) }))
    const started = revocations.start(20_000)
    await vi.waitFor(async () => expect((await admin.pubSubNumSub('revocations')).revocations).toBeGreaterThan(0))
    await redis.connect()
    await started
    expect(revocations.isRevoked({ subject: 'u9', issuedAt: 0 })).toBe(true)
    expect(warnings).toEqual([])
  })

  it('of a user takes every session along, of a session only that one', async () => {
    const { revocations } = await open()
    const issuedAt = seconds() - 1
    await revocations.revoke('u5sabc')
    expect(revocations.isRevoked({ subject: 'u5sabc', issuedAt })).toBe(true)
    expect(revocations.isRevoked({ subject: 'u5sdef', issuedAt })).toBe(false)
    await revocations.revoke('u5')
    expect(revocations.isRevoked({ subject: 'u5sdef', issuedAt })).toBe(true)
    expect(revocations.isRevoked({ subject: 'u55sdef', issuedAt })).toBe(false)
  })

  it('is known to a process that starts later', async () => {
    await (await open()).revocations.revoke('gguest')
    expect((await open()).revocations.isRevoked({ subject: 'gguest', issuedAt: seconds() - 5 })).toBe(true)
  })

  it('made while Redis is away holds here at once and elsewhere when it is back', async () => {
    const [here, there] = [await open(), await open()]
    await proxy.cut()
    const old = { subject: 'u8', issuedAt: seconds() - 1 }
    await here.revocations.revoke('u8')
    expect(here.revocations.isRevoked(old)).toBe(true)
    expect(there.revocations.isRevoked(old)).toBe(false)
    await proxy.restore()
    await vi.waitFor(() => expect(there.revocations.isRevoked(old)).toBe(true), { timeout: 8000 })
  })

  it('whose message was lost is read when Redis is back', async () => {
    const { revocations } = await open()
    await proxy.cut()
    await admin.hSet('revocations', 'u9', String(seconds()))
    await proxy.restore()
    await vi.waitFor(() => expect(revocations.isRevoked({ subject: 'u9', issuedAt: seconds() - 60 })).toBe(true), {
      timeout: 8000,
    })
  })

  it('is written back to a Redis that has lost its data', async () => {
    const { revocations } = await open()
    await revocations.revoke('u10')
    await proxy.cut()
    await admin.del('revocations')
    await proxy.restore()
    await vi.waitFor(async () => expect(await admin.hExists('revocations', 'u10')).toBe(1), { timeout: 8000 })
    expect(revocations.isRevoked({ subject: 'u10', issuedAt: seconds() - 1 })).toBe(true)
  })

  it('is forgotten after the longest life of a token', async () => {
    await admin.hSet('revocations', { u11: String(seconds() - 13 * 3600), u12: String(seconds() - 11 * 3600) })
    const { revocations } = await open()
    expect(revocations.issuedBefore('u11')).toBe(0)
    expect(revocations.issuedBefore('u12')).toBeGreaterThan(0)
    expect(await admin.hKeys('revocations')).toEqual(['u12'])
  })
})
