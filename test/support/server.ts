import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import request from 'supertest'
import { inject } from 'vitest'
import { type Config, loadConfig } from '../../config/config.ts'
import type { Role } from '../../server/accounts/roles.ts'
import { signUp } from '../../server/accounts/sign-up.ts'
import type { User } from '../../server/accounts/user.ts'
import { createApp } from '../../server/app.ts'
import { type Context, createContext } from '../../server/context.ts'
import { createLogger } from '../../server/logger.ts'
import { openDatabase } from './database.ts'

export const PASSWORD = 'correct horse battery'
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
}

let people = 0

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
  const { limitFactor = 1000, pageMs = 0 } = options
  const context = stack.use(
    await createContext(config, {
      role: 'api',
      log: createLogger('api', 'debug', { write: (line: string) => lines.push(line) }),
      limitFactor,
      pageMs,
    }),
  )
  if (context.redis.isReady) await context.redis.flushDb()
  const server = createServer(createApp(context, { limitFactor }).callback())
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
