import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import jwt from 'jsonwebtoken'
import { Registry } from 'prom-client'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startNginx } from '../../../config/local/nginx.ts'
import { isOurOrigin } from '../../../server/chat/origin.ts'
import { signChatTicket, verifyChatTicket } from '../../../server/chat/ticket.ts'
import { addressBehind } from '../../../server/http/address.ts'
import { freePort } from '../../support/ports.ts'
import { aHub, aTicket, Client, FakeHost, redisUrl, SECRET, type TestHub } from './hub.ts'
import { aHubProcess } from './nodes.ts'
import { RawSocket } from './raw-socket.ts'

/** Who comes in, from where, how many, and who may no longer stay. */
const host = new FakeHost()
const revoked = new Map<string, number>()
const revocations = { issuedBefore: (subject: string) => revoked.get(subject) ?? 0 }
const limits = { socketsPerAccount: 5, guestsPerAddress: 4, socketsPerAddress: 8, upgradesPerSecond: 10_000 }
let one: TestHub
let two: TestHub

beforeAll(async () => {
  ;[one, two] = await Promise.all([aHub(host, { limits, revocations }), aHub(host, { limits, revocations })])
})
afterAll(async () => {
  await Promise.all([one?.[Symbol.asyncDispose](), two?.[Symbol.asyncDispose]()])
})

const portOf = (hub: TestHub) => Number(hub.address.split(':')[1])
let addresses = 0
/** As nginx passes somebody on who is the first from there. */
const fromElsewhere = () => {
  addresses += 1
  return `198.51.100.${addresses}`
}

async function knock(token: string | null, headers: Record<string, string> = {}, hub = one): Promise<RawSocket> {
  const protocols = token === null ? 'chat.v1' : `chat.v1, ${token}`
  return RawSocket.open(portOf(hub), protocols, { 'X-Forwarded-For': fromElsewhere(), ...headers })
}

async function closeCodeOf(raw: RawSocket, timeout = 2000): Promise<number | null> {
  await vi.waitFor(() => expect(raw.received().closeCode ?? raw.isClosed).toBeTruthy(), timeout)
  raw.close()
  return raw.received().closeCode
}

async function welcomed(raw: RawSocket): Promise<RawSocket> {
  await vi.waitFor(() => expect(raw.received().frames[0]).toMatchObject({ t: 'hello' }))
  return raw
}

/** Whoever is refused tries again. */
async function untilEntered(knockAgain: () => Promise<RawSocket>): Promise<void> {
  const isIn = async () => {
    const raw = await knockAgain()
    await vi.waitFor(() => expect(raw.received().frames.length + (raw.received().closeCode ?? 0)).toBeGreaterThan(0))
    raw.close()
    return raw.received().closeCode === null
  }
  await expect.poll(isIn, { timeout: 10_000, interval: 100 }).toBe(true)
}

describe('an origin', () => {
  const ours = { publicUrl: 'https://ustat.example', allowedHosts: ['school.example', 'lab.example:8443'] }
  const asked = { host: '192.168.0.7:8080', isSecure: false }
  it.each([
    'https://ustat.example',
    'https://school.example',
    'https://school.example:444',
    'https://lab.example:8443',
    'http://192.168.0.7:8080',
  ])('%s is ours', (origin) => {
    expect(isOurOrigin(origin, ours, asked)).toBe(true)
  })

  it.each([
    '',
    'null',
    'http://ustat.example.evil.example',
    'https://ustat.example.evil.example',
    'https://evil-ustat.example',
    'https://sub.ustat.example',
    'https://ustat.example@evil.example',
    'https://ustat.example:444',
    'https://ustat.example/',
    'https://ustat.example/path',
    'HTTPS://USTAT.EXAMPLE',
    'ftp://ustat.example',
    'http://192.168.0.7',
    'http://192.168.0.7:8081',
    'https://lab.example',
    'file://',
    'https://ustat.example https://evil.example',
  ])('%s is not', (origin) => {
    expect(isOurOrigin(origin, ours, asked)).toBe(false)
  })

  it.each(['', 'null', 'http://ustat.test.evil.example', 'http://ustat.test/', 'http://evil.example'])(
    '“%s” gets no socket, whatever ticket it has',
    async (origin) => {
      expect((await knock(`t.${aTicket()}`, { Origin: origin })).status).toBe(403)
    },
  )
})

describe('a ticket', () => {
  const person = { uid: 'u:1', name: 'P', family: 'f'.repeat(16), sessionEndsAt: Math.floor(Date.now() / 1000) + 3600 }
  const now = Math.floor(Date.now() / 1000)
  const forged = (claims: object, options: jwt.SignOptions, header: object = {}) =>
    jwt.sign({ name: 'P', fam: null, sx: now + 999, iat: now, exp: now + 60, ...claims }, SECRET, {
      ...{ algorithm: 'HS256', audience: 'chat', subject: 'u:1', jwtid: `j${Math.random()}` },
      ...options,
      header: { alg: 'HS256', typ: 'chat-ticket+jwt', ...header },
    } as jwt.SignOptions)

  it('as we make it is taken, and its secret is not said back', async () => {
    const raw = await welcomed(await knock(`t.${forged({}, {})}`))
    expect(raw.answer).toMatch(/^Sec-WebSocket-Protocol: chat\.v1\r$/m)
    expect(raw.answer).not.toContain('eyJ')
    raw.close()
  })

  it.each([
    ['of another audience', forged({}, { audience: 'api' })],
    ['of another type', forged({}, {}, { typ: 'JWT' })],
    ['of another algorithm', forged({}, { algorithm: 'HS512' }, { alg: 'HS512' })],
    ['without an end', jwt.sign({ name: 'P', sx: now + 999 }, SECRET, { audience: 'other', subject: 'u:1' })],
    ['of a session that is over', forged({ sx: now - 1 }, {})],
    ['of nobody', forged({}, { subject: '' })],
    ['that expired', signChatTicket(person, 'ticket', SECRET, Date.now() - 61_000)],
    ['to resume with that expired', signChatTicket(person, 'resume', SECRET, Date.now() - 601_000)],
    ['that is none', 'nonsense'],
  ])('%s is refused with 4401', async (_, token) => {
    const raw = await knock(`t.${token}`)
    expect(await closeCodeOf(raw)).toBe(4401)
    expect(raw.received().frames).toEqual([])
  })

  it('opens one connection of fifty that race for it over two nodes', async () => {
    const ticket = aTicket({ uid: 'u:31' })
    const raws = await Promise.all(Array.from({ length: 50 }, (_, i) => knock(`t.${ticket}`, {}, i % 2 ? one : two)))
    await vi.waitFor(() => {
      expect(raws.filter((raw) => raw.received().closeCode === 4401)).toHaveLength(49)
      expect(raws.filter((raw) => raw.received().frames[0]?.t === 'hello')).toHaveLength(1)
    })
    for (const raw of raws) raw.close()
  })

  it('may come in the first frame instead, and in no other', async () => {
    const raw = await knock(null)
    expect(raw.status).toBe(101)
    raw.say({ t: 'auth', ticket: aTicket({ uid: 'u:32' }) })
    raw.say({ t: 'ping', ts: 4 })
    await welcomed(raw)
    await vi.waitFor(() => expect(raw.received().frames).toContainEqual({ t: 'pong', ts: 4 }))
    raw.close()
    const silent = await knock(null)
    silent.say({ t: 'join', room: 'lobby' })
    expect(await closeCodeOf(silent)).toBe(4400)
    const wrong = await knock(null)
    wrong.say({ t: 'auth', ticket: 'nonsense' })
    expect(await closeCodeOf(wrong)).toBe(4401)
  })

  it('that never comes ends the connection after five seconds', async () => {
    const askedAt = performance.now()
    expect(await closeCodeOf(await knock(null), 8000)).toBe(4408)
    expect(performance.now() - askedAt).toBeGreaterThan(4900)
  })

  it('renews a connection in place, for the same person alone', async () => {
    const end = Math.floor(Date.now() / 1000) + 30
    const client = await Client.open(one.url, { uid: 'u:33', sessionEndsAt: end })
    expect((await client.next('exp')).in).toBeGreaterThan(20)
    client.say({ t: 'auth', ticket: aTicket({ uid: 'u:34' }) })
    expect(await client.next('err')).toMatchObject({ code: 'unauthorized' })
    client.say({ t: 'auth', ticket: aTicket({ uid: 'u:33', sessionEndsAt: Math.floor(Date.now() / 1000) + 3 }) })
    await vi.waitFor(() => expect(client.frames.filter(({ t }) => t === 'exp')).toHaveLength(2), 3000)
    await vi.waitFor(() => expect(client.closeCode).toBe(4401), 6000)
  })
})

describe('seats', () => {
  const enter = (uid: string, address: string, hub: TestHub) =>
    knock(
      `t.${aTicket({ uid, ...(uid.startsWith('g:') ? { name: '', family: null } : {}) })}`,
      { 'X-Forwarded-For': address },
      hub,
    )

  it('of one account are five over both nodes, and free again when one is left', async () => {
    const tabs = await Promise.all(
      Array.from({ length: 5 }, (_, i) => enter('u:40', fromElsewhere(), i % 2 ? one : two)),
    )
    await Promise.all(tabs.map(welcomed))
    expect(await closeCodeOf(await enter('u:40', fromElsewhere(), one))).toBe(4409)
    expect(await closeCodeOf(await enter('u:40', fromElsewhere(), two))).toBe(4409)
    tabs[0]?.close()
    await untilEntered(() => enter('u:40', fromElsewhere(), one))
    for (const tab of tabs) tab.close()
  })

  it('of fifty tabs that come at once are five', async () => {
    const raws = await Promise.all(
      Array.from({ length: 50 }, (_, i) => enter('u:41', fromElsewhere(), i % 2 ? one : two)),
    )
    await vi.waitFor(() => {
      for (const raw of raws) expect(raw.received().frames.length + (raw.received().closeCode ?? 0)).toBeGreaterThan(0)
    })
    const welcome = raws.filter((raw) => raw.received().frames[0]?.t === 'hello').length
    expect(welcome).toBeGreaterThan(0)
    expect(welcome).toBeLessThanOrEqual(5)
    for (const raw of raws) raw.close()
  })

  it('of guests are counted by address, and of everybody from there: who is one too many may come later', async () => {
    const address = fromElsewhere()
    const raws = await Promise.all(Array.from({ length: 4 }, (_, i) => enter(`g:${i}`, address, i % 2 ? one : two)))
    await Promise.all(raws.map(welcomed))
    expect(await closeCodeOf(await enter('g:5', address, one))).toBe(4409)
    // What a visitor writes before the proxy's own word is worth nothing.
    expect(await closeCodeOf(await enter('g:6', `203.0.113.5, ${address}`, one))).toBe(4409)
    for (let i = 0; i < 4; i++) raws.push(await welcomed(await enter(`u:5${i}`, address, i % 2 ? one : two)))
    expect(await closeCodeOf(await enter('u:59', address, two))).toBe(1013)
    raws.push(await welcomed(await enter('u:59', fromElsewhere(), two)))
    for (const raw of raws) raw.close()
  })

  it('of a node that died are nobody’s', async () => {
    await using dying = await aHubProcess(redisUrl(), { limits })
    const tabs = await Promise.all(Array.from({ length: 5 }, () => Client.open(dying.url, { uid: 'u:42' })))
    const { resume } = await (tabs[0] as Client).next('hello')
    expect(await closeCodeOf(await enter('u:42', fromElsewhere(), one))).toBe(4409)
    dying.signal('SIGKILL')
    // Whoever had one there need not wait for the lease to run out.
    const back = await welcomed(await knock(`r.${resume}`))
    back.close()
    await untilEntered(() => enter('u:42', fromElsewhere(), one))
  })

  it('go by the address that a proxy of ours names, and by no other’s word', () => {
    expect(addressBehind('8.8.8.8', '1.2.3.4')).toBe('8.8.8.8')
    expect(addressBehind('127.0.0.1', '6.6.6.6, 1.2.3.4')).toBe('1.2.3.4')
    expect(addressBehind('', '1.2.3.4')).toBe('1.2.3.4')
    expect(addressBehind('10.0.0.2', 'nonsense')).toBe('10.0.0.2')
    expect(addressBehind('0000:0000:0000:0000:0000:ffff:0808:0808', '1.2.3.4')).not.toBe('1.2.3.4')
  })
})

describe('who may no longer stay', () => {
  it('is signed out on every node at once, and comes in with nothing issued before', async () => {
    const family = 'a'.repeat(16)
    const clients = await Promise.all([one, two].map(({ url }) => Client.open(url, { uid: 'u:60', family })))
    const { resume } = await (clients[0] as Client).next('hello')
    const ticket = aTicket({ uid: 'u:60', family })
    revoked.set(`u60s${family}`, Math.floor(Date.now() / 1000) + 1)
    for (const client of clients) await vi.waitFor(() => expect(client.closeCode).toBe(4401), 5000)
    expect(await closeCodeOf(await knock(`t.${ticket}`))).toBe(4401)
    expect(await closeCodeOf(await knock(`r.${resume}`, {}, two))).toBe(4401)
  })

  it('is signed out however often what was issued before is shown again', async () => {
    const family = 'c'.repeat(16)
    const client = await Client.open(one.url, { uid: 'u:62', family })
    const { resume } = await client.next('hello')
    const again = setInterval(() => client.say({ t: 'auth', ticket: resume }), 200)
    try {
      revoked.set(`u62s${family}`, Math.floor(Date.now() / 1000) + 1)
      await vi.waitFor(() => expect(client.closeCode).toBe(4401), 4000)
    } finally {
      clearInterval(again)
    }
  })

  it('goes by when the platform last said who they are, however often they have come back since', () => {
    const at = Math.floor(Date.now() / 1000) - 900
    const person = { uid: 'u:63', name: 'P', family: 'd'.repeat(16), sessionEndsAt: at + 7200 }
    let shown = verifyChatTicket(signChatTicket(person, 'ticket', SECRET, at * 1000), SECRET, at * 1000)
    for (const minutes of [5, 10, 15]) {
      const nowMs = (at + minutes * 60) * 1000
      shown = shown && verifyChatTicket(signChatTicket(shown, 'resume', SECRET, nowMs), SECRET, nowMs)
    }
    expect(shown).toMatchObject({ kind: 'resume', issuedAt: at })
  })

  it('is told so for good when the account is closed', async () => {
    const family = 'b'.repeat(16)
    const clients = await Promise.all([one, two].map(({ url }) => Client.open(url, { uid: 'u:61', family })))
    const ticket = aTicket({ uid: 'u:61', family })
    host.shutOut.add('u:61')
    revoked.set(`u61s${family}`, Math.floor(Date.now() / 1000) + 1)
    for (const client of clients) await vi.waitFor(() => expect(client.closeCode).toBe(4403), 5000)
    expect(await closeCodeOf(await knock(`t.${ticket}`))).toBe(4403)
  })
})

describe('a herd', () => {
  it('is let in at the pace that the hub can take, and the others come in a moment', async () => {
    await using slow = await aHub(host, { limits: { ...limits, upgradesPerSecond: 3 } })
    const raws = await Promise.all(
      Array.from({ length: 40 }, (_, i) => knock(`t.${aTicket({ uid: `u:7${i}` })}`, {}, slow)),
    )
    // Three a second, and who would wait for longer than ten seconds is told to try elsewhere.
    const waiting = raws.filter(({ status }) => status === 101)
    expect(waiting.length).toBeGreaterThanOrEqual(30)
    expect(waiting.length).toBeLessThan(36)
    expect(raws.find(({ status }) => status === 503)?.answer).toMatch(/retry-after: 1[0-2]/i)
    const from = performance.now()
    await vi.waitFor(() => expect(waiting.filter((raw) => raw.received().frames.length > 0)).toHaveLength(8), 8000)
    expect(performance.now() - from).toBeGreaterThan(1500)
    for (const raw of waiting) raw.close()
    await welcomed(await knock(`t.${aTicket({ uid: 'u:79' })}`, {}, slow))
  })

  it('waits while the hub is behind with what it has', async () => {
    const metrics = new Registry()
    await using busy = await aHub(host, { maxLoopLagMs: 200, metrics, limits })
    const until = performance.now() + 1500
    while (performance.now() < until) JSON.stringify(limits)
    await vi.waitFor(async () => expect((await knock(`t.${aTicket({ uid: 'u:80' })}`, {}, busy)).status).toBe(503))
    expect(await metrics.metrics()).toMatch(/chat_turned_away_total\{why="busy"\} [1-9]/)
    await vi.waitFor(
      async () => expect((await knock(`t.${aTicket({ uid: 'u:80' })}`, {}, busy)).status).toBe(101),
      5000,
    )
  })
})

describe('behind nginx', () => {
  const directory = mkdtempSync(join(tmpdir(), 'ustat-door-'))
  const stack = new AsyncDisposableStack()
  const hubs: Awaited<ReturnType<typeof aHubProcess>>[] = []
  let port: number

  beforeAll(async () => {
    const sockets = ['a', 'b'].map((name) => join(directory, `${name}.sock`))
    for (const listen of sockets) hubs.push(stack.use(await aHubProcess(redisUrl(), { listen })))
    port = await freePort()
    const upstreams = {
      api: `unix:${directory}/none.sock`,
      chat: sockets.map((path) => `unix:${path}`),
      media: { m1: `unix:${directory}/none.sock` },
    }
    await startNginx(
      {
        ...{ directory: join(directory, 'nginx'), host: '127.0.0.1', port, tls: null, upstreams },
        pages: { directory },
        store: { kind: 'disk', directory },
        accessLog: join(directory, 'access.log'),
        chatSocketsPerAddress: 20,
      },
      { logFile: join(directory, 'nginx.log'), report: () => {} },
      stack,
    )
  })
  afterAll(async () => {
    await stack.disposeAsync()
    rmSync(directory, { recursive: true, force: true })
  })

  const through = (token: string, headers: Record<string, string> = {}) =>
    RawSocket.open(port, `chat.v1, ${token}`, headers)

  it('the largest ticket comes in, whatever else the browser sends along', async () => {
    const name = '👩🏽‍🏫'.repeat(7)
    const avatar = `https://files.example/${'a'.repeat(300)}`
    const ticket = aTicket({ uid: 'u:999999999', name, avatar, family: 'f'.repeat(40) })
    const raw = await through(`t.${ticket}`, {
      Cookie: `session=${'c'.repeat(3500)}`,
      'User-Agent': 'u'.repeat(1000),
      'Accept-Language': 'ru,'.repeat(400),
    })
    expect(raw.status).toBe(101)
    await welcomed(raw)
    raw.close()
  })

  it('a visitor’s own word of an address, or of being us, is not passed on', async () => {
    const raws = await Promise.all(
      Array.from({ length: 3 }, () =>
        through(`t.${aTicket({ uid: 'u:90' })}`, { 'X-Forwarded-For': '6.6.6.6', 'X-Internal-Secret': 'x' }),
      ),
    )
    await Promise.all(raws.map(welcomed))
    expect((await through(`t.${aTicket()}`, { Origin: 'http://evil.example' })).status).toBe(403)
    for (const raw of raws) raw.close()
  })

  it('headers that no hub has room for are refused, and the hub goes on', async () => {
    const raw = await through(`t.${'x'.repeat(5000)}`).catch(() => null)
    expect(raw?.status).not.toBe(101)
    await (await welcomed(await through(`t.${aTicket({ uid: 'u:91' })}`))).close()
  })

  it('more from one address than any school has are told so before a hub hears of them', async () => {
    // nginx lets in half as many again as the hubs do.
    const raws = await Promise.all(Array.from({ length: 30 }, () => through('')))
    const late = await through(`t.${aTicket({ uid: 'u:92' })}`)
    expect(late.status).toBe(429)
    expect(late.answer).toMatch(/retry-after: 10/i)
    for (const raw of raws) raw.close()
    await vi.waitFor(async () => {
      const raw = await through(`t.${aTicket({ uid: 'u:92' })}`)
      raw.close()
      expect(raw.status).toBe(101)
    })
  })

  it('the clients of a hub that dies reach another one at once', async () => {
    hubs[0]?.signal('SIGKILL')
    await hubs[0]?.exit
    const raws = await Promise.all(Array.from({ length: 20 }, (_, i) => through(`t.${aTicket({ uid: `u:30${i}` })}`)))
    expect(raws.map(({ status }) => status)).toEqual(raws.map(() => 101))
    await Promise.all(raws.map(welcomed))
    for (const raw of raws) raw.close()
  })
})
