import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { User } from '../../../server/accounts/user.ts'
import { features } from '../../../server/app.ts'
import type { DocumentedRoute } from '../../../server/http/api.ts'
import { Review } from '../../../server/reviews/review.ts'
import { aCourse, aLesson, aModule, anEnrollment } from '../../support/courses.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

type Who = 'nobody' | 'student' | 'teacher' | 'admin'
const everybody: Who[] = ['nobody', 'student', 'teacher', 'admin']

let server: TestServer
let origin: string
let routes: DocumentedRoute[]
const people = new Map<Who, User>()
beforeAll(async () => {
  server = await startServer()
  origin = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  routes = features(server.context).flatMap((api) => api.routes)
  await server.register()
  for (const who of ['student', 'teacher', 'admin'] as const) people.set(who, await server.register(who))
  // Of everything there is the one with the id 1, so that a request comes further than "not found".
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, person('teacher'), { price: '100.00' })
  const lesson = await aLesson(em, await aModule(em, course))
  await anEnrollment(em, course, person('student'), { lastLesson: lesson })
  em.create(Review, { course, user: em.getReference(User, person('student').id), rating: 5 })
  await em.flush()
})
afterAll(async () => {
  agent.destroy()
  await server[Symbol.asyncDispose]()
})

function person(who: Who): User {
  return people.get(who) as User
}

const tokens = new Map<Who, Promise<string>>()

function tokenOf(who: Exclude<Who, 'nobody'>): Promise<string> {
  const login = { email: person(who).email, password: PASSWORD }
  const token =
    tokens.get(who) ??
    server
      .visitor()
      .post('/api/auth/login/')
      .send(login)
      .expect(200)
      .then(({ body }) => body.access as string)
  tokens.set(who, token)
  return token
}

interface Call {
  method: string
  path: string
  body?: string
  type?: string
  who?: Who
}

interface Answer {
  status: number
  text: string
}

/** As somebody who is signed in: some routes end what they are called with, and it is sent anew with another. */
async function ask(call: Call): Promise<Answer> {
  const { who = 'nobody' } = call
  if (who === 'nobody') return send(call, null)
  const token = tokenOf(who)
  const answer = await send(call, await token)
  if (answer.status !== 401 || !answer.text.includes('token_invalid')) return answer
  if (tokens.get(who) === token) tokens.delete(who)
  return send(call, await tokenOf(who))
}

/** Of `fetch` these thousands would take half as long again. */
const agent = new Agent({ keepAlive: true })

async function send(call: Call, token: string | null): Promise<Answer> {
  const { method, path, body, type = 'application/json' } = call
  const asked = request(`${origin}${path}`, {
    method: method.toUpperCase(),
    agent,
    headers: {
      'x-forwarded-for': '198.18.0.1',
      ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
  })
  asked.end(body)
  try {
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    return { status: answer.statusCode ?? 0, text: await textOf(answer) }
  } catch (error) {
    // A server may close an idle connection in the moment in which it is used again.
    if (asked.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET') return send(call, token)
    throw error
  }
}

/** @returns what is wrong with the answer, if anything is */
async function complaintOf(call: Call): Promise<string | null> {
  const { status, text } = await ask(call)
  if (status < 500) return null
  return `${call.method} ${call.path.slice(0, 150)} ${call.body?.slice(0, 150) ?? ''} → ${status} ${text.slice(0, 300)}`
}

/** The complaints about many requests, a few at a time. */
async function complaintsOf(calls: Call[]): Promise<string[]> {
  const complaints: string[] = []
  const queue = calls.values()
  const work = async () => {
    for (const call of queue) {
      const complaint = await complaintOf(call)
      if (complaint) complaints.push(complaint)
    }
  }
  await Promise.all(Array.from({ length: 4 }, work))
  return complaints
}

const writes = () => routes.filter(({ method }) => method !== 'get')
/** What is deleted is there for none of the tests after it. */
const keepingWrites = () => writes().filter(({ method, body }) => method !== 'delete' || body)
const at = ({ path }: DocumentedRoute, id = '1') =>
  path.replace(/:\w+/g, (name) => encodeURIComponent(id === '1' && name === ':provider' ? 'sandbox' : id))

const hostileIds = [
  ...['0', '-1', '1.5', '1e3', 'NaN', '2147483648', '99999999999999999999', 'null', 'undefined', '__proto__'],
  ...[
    'constructor',
    '../../etc/passwd',
    "1'; drop table users; --",
    '\u0000',
    '\ud83d\ude00',
    'x'.repeat(3000),
    '%',
    ' ',
  ],
]

const hostileValues: unknown[] = [
  ...[null, true, 0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, '', ' ', 'x', 'x'.repeat(50_000)],
  // Half of a surrogate pair: JSON allows it, PostgreSQL's jsonb does not.
  ...[
    '\ud800',
    'a\u0000b',
    '\u202e',
    '<img src=x onerror=alert(1)>',
    "'; drop table users; --",
    '%',
    '2026-13-45T99:99:99Z',
  ],
  ...['0.001', 'NaN', '1e400', '-0', 'javascript:alert(1)', 'http://127.0.0.1:1/', 'x@y\r\nBcc: z@y'],
  ...[[], [null], [[]], [1, 1], ['1', {}], {}, { a: 1 }, { toString: 1 }, { $gt: '' }, deep(200)],
  Array.from({ length: 5000 }, (_, index) => index),
]

function deep(levels: number): unknown {
  return levels === 0 ? 1 : { a: [deep(levels - 1)] }
}

interface JsonSchema {
  type?: string
  enum?: unknown[]
  const?: unknown
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  properties?: Record<string, JsonSchema>
  items?: JsonSchema
  format?: string
  minLength?: number
  minimum?: number
}

/** Something that comes close to what a schema asks for. */
function sampleOf(schema: JsonSchema): unknown {
  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0]
  if (choice) return sampleOf(choice)
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  switch (schema.type) {
    case 'object':
      return Object.fromEntries(Object.entries(schema.properties ?? {}).map(([key, value]) => [key, sampleOf(value)]))
    case 'array':
      return schema.items ? [sampleOf(schema.items)] : []
    case 'integer':
    case 'number':
      return Math.max(1, schema.minimum ?? 1)
    case 'boolean':
      return true
    case 'string':
      if (schema.format === 'email') return 'somebody@example.org'
      if (schema.format === 'date-time') return '2030-01-01T00:00:00Z'
      if (schema.format === 'date') return '2020-01-01'
      if (schema.format === 'uri') return 'https://example.org/'
      return '1'.padEnd(schema.minLength ?? 1, 'x')
    default:
      return null
  }
}

function sampleBody({ body }: DocumentedRoute): Record<string, unknown> {
  if (!body) return {}
  const sample = sampleOf(z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' }) as JsonSchema)
  return typeof sample === 'object' && sample !== null ? (sample as Record<string, unknown>) : {}
}

function namesIn({ query }: DocumentedRoute): string[] {
  if (!query) return []
  const { properties = {} } = z.toJSONSchema(query, { io: 'input', unrepresentable: 'any' }) as JsonSchema
  return Object.keys(properties)
}

// Some ten thousand requests.
describe('every route there is', { timeout: 240_000 }, () => {
  it('is known to these tests', () => {
    expect(routes.length).toBeGreaterThan(30)
    // The second of two would never be asked; a parameter's name makes no difference.
    const names = routes.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it('says who it is for before it looks at anything, and means it', async () => {
    const wrong: string[] = []
    for (const route of routes.filter(({ access }) => access !== 'anyone')) {
      const call = { method: route.method, path: at(route, 'nonsense') }
      const body = route.method === 'get' ? {} : { body: '{"nonsense":1}' }
      const status = async (who: Who) => (await ask({ ...call, ...body, who })).status
      if ((await status('nobody')) !== 401) wrong.push(`${route.method} ${route.path} answers nobody`)
      if (route.access !== 'admin') continue
      for (const who of ['student', 'teacher'] as const) {
        if ((await status(who)) !== 403) wrong.push(`${route.method} ${route.path} is not for admins alone`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('survives ids that are none, huge, or written to do harm', async () => {
    const complaints: string[] = []
    for (const route of routes.filter(({ path }) => path.includes(':'))) {
      const body = route.method === 'get' ? {} : { body: JSON.stringify(sampleBody(route)) }
      complaints.push(
        ...(await complaintsOf(
          hostileIds.map((id) => ({ method: route.method, path: at(route, id), who: 'admin', ...body })),
        )),
      )
    }
    expect(complaints).toEqual([])
  })

  it('survives bodies that are no JSON, no object, or change what objects are made of', async () => {
    const texts = [
      ...['{', '', 'null', '[]', '"x"', '1', '{"a":1', "{'a':1}", '\u0000', '\ufeff{}', '{"a":"\\u0000"}'],
      '{"__proto__":{"polluted":true}}',
      '{"constructor":{"prototype":{"polluted":true}}}',
      '{"a":{"__proto__":{"polluted":true}}}',
      '['.repeat(20_000),
      `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
    ]
    const complaints: string[] = []
    for (const route of keepingWrites()) {
      const own = JSON.stringify(sampleBody(route)).replace(/^\{/, '{"__proto__":{"polluted":true},')
      const calls = [...texts, own].map((body) => ({
        method: route.method,
        path: at(route),
        body,
        who: 'admin' as const,
      }))
      complaints.push(...(await complaintsOf(calls)))
    }
    expect(complaints).toEqual([])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('takes JSON alone, unless it takes files', async () => {
    const complaints: string[] = []
    const accepted = new Set<string>()
    for (const route of writes()) {
      for (const type of [
        'text/plain',
        'application/xml',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
      ]) {
        const call = { method: route.method, path: at(route), body: 'a=b', type }
        const { status, text } = await ask(call)
        if (status >= 500) complaints.push(`${route.method} ${route.path} ${type} → ${status} ${text}`)
        if (status !== 415) accepted.add(route.path)
      }
    }
    expect(complaints).toEqual([])
    for (const path of accepted)
      expect(path).toMatch(
        /(thumbnail|avatar|picture|file|files|submissions|webhooks\/.+|assets|convert|captions\/:language)$/,
      )
  })

  it('survives files that are none, cut off or not what they say', async () => {
    const part = (name: string) =>
      `--x\r\nContent-Disposition: form-data; name="${name}"; filename="../../etc/passwd\u0000.png"\r\nContent-Type: image/png\r\n\r\n`
    const files: [string, string][] = [
      ...[
        '',
        'a=b',
        '\u0089PNG\r\n\u001a\n',
        'GIF89a',
        '<svg onload="alert(1)"/>',
        'RIFF\u0000\u0000\u0000\u0000WEBP',
      ].flatMap((body) =>
        ['image/png', 'image/svg+xml', 'application/pdf', 'application/octet-stream', 'video/mp4'].map(
          (type) => [type, body] as [string, string],
        ),
      ),
      ...['', '--x', '--x--', '--y--', part('file'), `${part('files')}data`, `${part('text')}data\r\n--x--`].map(
        (body) => ['multipart/form-data; boundary=x', body] as [string, string],
      ),
      ['multipart/form-data', part('file')],
      [`multipart/form-data; boundary=${'x'.repeat(5000)}`, part('file')],
    ]
    const complaints: string[] = []
    for (const who of ['student', 'teacher'] as const) {
      for (const route of keepingWrites()) {
        const calls = files.map(([type, body]) => ({ method: route.method, path: at(route), body, type, who }))
        const refused = new Set<string>()
        for (const type of ['image/png', 'multipart/form-data; boundary=x']) {
          const { status } = await ask({ method: route.method, path: at(route), body: 'a=b', type, who })
          if (status === 415) refused.add(type.split('/')[0] ?? '')
        }
        const isTaken = ({ type }: { type: string }) =>
          !refused.has(type.startsWith('multipart') ? 'multipart' : 'image')
        complaints.push(...(await complaintsOf(calls.filter(isTaken))))
      }
    }
    expect(complaints).toEqual([])
  })

  it('refuses a body of 10 MB before it has come', async () => {
    const wrong: string[] = []
    for (const route of writes()) {
      const call = request(`${origin}${at(route)}`, {
        method: route.method.toUpperCase(),
        agent: false,
        headers: {
          'content-type': 'application/json',
          'content-length': 10_000_000,
          'x-forwarded-for': '198.18.0.4',
        },
      })
      call.on('error', () => {})
      call.flushHeaders()
      const [answer] = await once(call, 'response')
      call.destroy()
      // Captions are a file of any type that is put: who sends them is asked before how large they are.
      const expected = route.path.includes('/captions/') && route.method === 'put' ? 401 : 413
      if (answer.statusCode !== expected) wrong.push(`${route.method} ${route.path} → ${answer.statusCode}`)
    }
    expect(wrong).toEqual([])
  })

  it.each(everybody)('survives hostile values in every field of its body, sent by: %s', async (who) => {
    const complaints: string[] = []
    for (const route of keepingWrites()) {
      const sample = sampleBody(route)
      const call = (body: object) => ({ method: route.method, path: at(route), body: JSON.stringify(body), who })
      const calls: Call[] = [call(sample), call({}), call({ ...sample, is_admin: true })]
      // The others are refused before a field is looked at, nearly everywhere; many fields share the values between them.
      const keys = Object.keys(sample)
      const step = who === 'admin' ? Math.ceil(keys.length / 2) : 12
      for (const [place, key] of keys.entries()) {
        const values = hostileValues.filter((_, index) => (index + place) % step === 0)
        for (const value of values) calls.push(call({ ...sample, [key]: value }))
      }
      complaints.push(...(await complaintsOf(calls)))
    }
    expect(complaints).toEqual([])
  })

  it('survives hostile values in its query, and none is a way to what is not shown', async () => {
    const common = ['page', 'page_size', 'ordering', 'search', 'nonsense']
    const values = [
      ...['', '0', '-1', '1.5', 'NaN', '1e400', '99999999999999999999', '100000', 'last', 'password', '-password_hash'],
      ...[
        "'",
        "' or 1=1 --",
        '%',
        '_',
        '\\',
        '"',
        'x'.repeat(3000),
        '\u0000',
        '\ud83d\ude00',
        '[object Object]',
        '2026-13-45',
      ],
      ...['id;select pg_sleep(10)', '__proto__', ',,,', 'true,false'],
    ]
    const complaints: string[] = []
    for (const route of routes.filter(({ method }) => method === 'get')) {
      const own = namesIn(route)
      const queries = [...new Set([...common, ...own])].flatMap((name, place) => [
        // What a route does not know it does not read.
        ...values
          .filter((_, index) => (index + place) % (own.includes(name) ? Math.ceil(own.length / 2) : 8) === 0)
          .map((value) => `${name}=${encodeURIComponent(value)}`),
        ...[`${name}=1&${name}=2`, `${name}[]=1`, `${name}[a]=1`, `${name}=%ff`, `${name}=%`].filter(
          (_, index) => own.includes(name) || index === place,
        ),
      ])
      const calls = queries.map((query) => ({ method: 'get', path: `${at(route)}?${query}`, who: 'admin' as const }))
      complaints.push(...(await complaintsOf(calls)))
    }
    expect(complaints).toEqual([])
  })

  it('survives being deleted, twice at once, and asked for afterwards', async () => {
    const complaints: string[] = []
    for (const route of writes().filter(({ method }) => method === 'delete')) {
      const call: Call = { method: 'delete', path: at(route), body: '{"nonsense":[1]}', who: 'admin' }
      complaints.push(...(await complaintsOf([call, call, call])))
    }
    const reads = routes.filter(({ method }) => method === 'get')
    for (const who of everybody) {
      complaints.push(...(await complaintsOf(reads.map((route) => ({ method: 'get', path: at(route), who })))))
    }
    expect(complaints).toEqual([])
  })
})
