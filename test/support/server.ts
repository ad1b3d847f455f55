import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { Agent as HttpsAgent } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Middleware } from 'koa'
import request from 'supertest'
import { inject } from 'vitest'
import { z } from 'zod'
import { type Config, loadConfig } from '../../config/config.ts'
import type { Role } from '../../server/accounts/roles.ts'
import { signUp } from '../../server/accounts/sign-up.ts'
import type { User } from '../../server/accounts/user.ts'
import { createApp } from '../../server/app.ts'
import { type Context, createContext } from '../../server/context.ts'
import type { RequestState } from '../../server/http/request.ts'
import { createLogger } from '../../server/logger.ts'
import type { PaymentProvider } from '../../server/payments/provider.ts'
import { openDatabase } from './database.ts'
import { PASSWORD, SharedPasswords } from './shared-passwords.ts'

export { PASSWORD }
export const INTERNAL_SECRET = 'i'.repeat(40)

type Agent = ReturnType<typeof request.agent>

/** An api in this process, on a database of its own. */
export interface TestServer extends AsyncDisposable {
  context: Context
  config: Config
  server: Server
  /** Everything that was logged. */
  log(): string
  /** A visitor with a cookie jar of their own, from an address of their own. */
  visitor(): Agent
  /** An account, made as everybody's is. */
  register(role?: Role, name?: string): Promise<User>
  /** A browser that is signed in and sends its CSRF token. */
  signIn(user: User): Promise<Agent>
  /** What a media process sends. */
  internal(path: string, body?: object): request.Test
}

export interface TestServerOptions {
  env?: NodeJS.ProcessEnv
  databaseUrl?: string
  redisUrl?: string
  limitFactor?: number
  pageMs?: number
  providers?: readonly PaymentProvider[]
  pushAgent?: HttpsAgent
  /** Every password is hashed and checked for itself, which a test of passwords needs and every other one waits for. */
  isHashing?: boolean
}

let people = 0

const refusal = z.union([
  z.strictObject({ detail: z.string(), code: z.string() }).loose(),
  z.record(z.string(), z.array(z.string()).min(1)),
])

/** Every answer of every test is held against what its route says that it answers. */
const refuseUndocumentedAnswers: Middleware<RequestState> = async (ctx, next) => {
  await next()
  const { operation } = ctx.state
  if (!operation || ctx.status === 304) return
  const schema = ctx.status >= 400 && !(ctx.status in operation.answers) ? refusal : operation.answers[ctx.status]
  const body = typeof ctx.body === 'string' && /(?:json|yaml)$/.test(ctx.type) ? JSON.parse(ctx.body) : ctx.body
  const problem =
    schema === undefined
      ? `answered ${ctx.status}, which it does not document`
      : schema === null
        ? body == null
          ? null
          : 'answered with a body, and documents none'
        : schema instanceof z.ZodType
          ? strictly(schema).safeParse(JSON.parse(JSON.stringify(body))).error?.message
          : null
  if (!problem) return
  ctx.status = 599
  ctx.body = { problem: `${ctx.method} ${ctx.path}: ${problem}` }
}

/** Making one takes longer than most requests do. */
const strict = new WeakMap<z.ZodType, z.ZodType>()

/** What is not documented must not be there: so nothing leaks by being forgotten. */
function strictly(schema: z.ZodType): z.ZodType {
  const made =
    strict.get(schema) ??
    z.fromJSONSchema(
      JSON.parse(JSON.stringify(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }))) as never,
    )
  strict.set(schema, made)
  return made
}

export async function startServer(options: TestServerOptions = {}): Promise<TestServer> {
  await using stack = new AsyncDisposableStack()
  const url = options.databaseUrl ?? stack.use(await openDatabase()).url
  const dataDir = mkdtempSync(join(tmpdir(), 'ustat-server-'))
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const config = loadConfig({
    NODE_ENV: 'test',
    PUBLIC_URL: 'http://ustat.test',
    LISTEN: '-',
    DATA_DIR: dataDir,
    DATABASE_URL: url,
    REDIS_URL: options.redisUrl ?? `${inject('redisUrl')}?db=${1 + (Number(process.env.VITEST_POOL_ID ?? 1) % 15)}`,
    JWT_SECRET: 'j'.repeat(40),
    TOKEN_SECRET: 't'.repeat(40),
    STREAM_KEY_SECRET: 's'.repeat(40),
    INTERNAL_SECRET,
    ...options.env,
  })
  const lines: string[] = []
  const { limitFactor = 1000, pageMs = 0, providers, pushAgent } = options
  const context = stack.use(
    await createContext(config, {
      role: 'api',
      log: createLogger('api', 'debug', { write: (line: string) => lines.push(line) }),
      limitFactor,
      pageMs,
      ...(providers ? { providers } : {}),
      ...(pushAgent ? { pushAgent } : {}),
    }),
  )
  if (!options.isHashing) context.passwords = new SharedPasswords()
  if (context.redis.isReady) await context.redis.flushDb()
  const app = createApp(context, { limitFactor })
  app.middleware.unshift(refuseUndocumentedAnswers)
  const server = createServer(app.callback())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stack.defer(() =>
    new Promise<void>((resolve) => server.close(() => resolve())).finally(() => server.closeAllConnections()),
  )
  const owned = stack.move()

  const visitor = () => {
    people += 1
    return request.agent(server).set('x-forwarded-for', `198.51.${Math.floor(people / 250)}.${(people % 250) + 1}`)
  }

  return {
    context,
    config,
    server,
    log: () => lines.join(''),
    visitor,
    async register(role = 'student', name) {
      people += 1
      const { passwords, streamKeys, orm } = context
      const user = await signUp(
        orm.em.fork(),
        {
          email: `person-${people}@example.org`,
          password: PASSWORD,
          firstName: name ?? 'Person',
          lastName: `N${people}`,
          phone: null,
          role,
        },
        { passwords, streamKeys },
      )
      if (!user) throw new Error('that address is taken')
      return user
    },
    async signIn(user) {
      const agent = visitor()
      const answer = await agent.post('/api/auth/login/').send({ email: user.email, password: PASSWORD, session: true })
      if (answer.status !== 200) throw new Error(`cannot sign in: ${answer.status} ${answer.text}`)
      return agent.set('x-csrf-token', answer.body.csrf_token)
    },
    internal(path, body = {}) {
      return request(server).post(`/internal${path}`).set('x-internal-secret', INTERNAL_SECRET).send(body)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
