import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { keepEnvironment, loadRunningConfig } from '../../../config/local/running.ts'
import { User } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { runCommand } from '../../../server/admin/run-command.ts'
import { Channel } from '../../../server/channels/channel.ts'
import { Course } from '../../../server/courses/course.ts'
import { aCourse } from '../../support/courses.ts'
import { PASSWORD, startServer, type TestServer } from '../../support/server.ts'

const NEW_PASSWORD = 'violet umbrella 1897'

let server: TestServer
let directory: string
const running = new AsyncDisposableStack()
beforeAll(async () => {
  server = await startServer()
  directory = mkdtempSync(join(tmpdir(), 'ustat-cli-'))
  const env = {
    DATABASE_URL: server.config.database.url,
    REDIS_URL: server.config.redis.url,
    DATA_DIR: directory,
    PUBLIC_URL: 'http://ustat.test',
    JWT_SECRET: 'j'.repeat(40),
    TOKEN_SECRET: 't'.repeat(40),
    STREAM_KEY_SECRET: 's'.repeat(40),
    INTERNAL_SECRET: 'i'.repeat(40),
    HOME: '/nowhere',
  }
  keepEnvironment(directory, env, running)
})
afterAll(async () => {
  await running.disposeAsync()
  expect(existsSync(join(directory, 'environment.json'))).toBe(false)
  rmSync(directory, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

/** As `npm run admin -- …` runs it, told of nothing but the data directory. */
async function spawned(words: string[], { input = '', env = { DATA_DIR: directory } as NodeJS.ProcessEnv } = {}) {
  const child = spawn(process.execPath, ['server/admin/cli.ts', ...words], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: 'node_modules/.cache/node', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [printed, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { printed, complaint, code }
}

/** The same with a context of its own, without the start of a process. */
async function admin(words: string[], { input = '', env = { DATA_DIR: directory } as NodeJS.ProcessEnv } = {}) {
  const said = { printed: '', complaint: '' }
  const code = await runCommand(words, {
    env,
    print: (text) => {
      said.printed += text
    },
    complain: (text) => {
      said.complaint += text
    },
    readPassword: async () => input.trimEnd(),
    stopping: () => new AbortController().signal,
  })
  return { ...said, code }
}

const fork = () => server.context.orm.em.fork()
const login = (email: string, password: string) =>
  server.visitor().post('/api/auth/login/').send({ email, password, session: true })

describe('the first admin', () => {
  it('is made beside the running platform, with a password from standard input', async () => {
    const made = await spawned(['create-admin', ' Boss@Example.org', '--first-name', 'Aigul'], {
      input: `${NEW_PASSWORD}\n`,
    })
    expect(made).toEqual({ code: 0, complaint: '', printed: 'boss@example.org is an administrator.\n' })
    const answer = await login('boss@example.org', NEW_PASSWORD).expect(200)
    expect(answer.body.user).toMatchObject({ role: 'admin', is_verified: true, first_name: 'Aigul' })
    const user = await fork().findOneOrFail(User, { email: 'boss@example.org' })
    expect(await fork().count(Channel, { owner: user })).toBe(1)
    const lines = await fork().find(AuditLog, { object: `user:${user.id}` })
    expect(lines).toMatchObject([{ actor: null, action: 'user.create', address: 'command line' }])

    const again = await admin(['create-admin', 'boss@example.org'], { input: `${NEW_PASSWORD}\n` })
    expect(again).toMatchObject({ code: 1, printed: '', complaint: expect.stringMatching(/already: use set-role/) })
  })

  it('gets no password that is short, common, or missing, nor one from the command line', async () => {
    for (const [run, input] of [
      [spawned, ''],
      [admin, 'short\n'],
      [admin, 'password123\n'],
    ] as const) {
      const refused = await run(['create-admin', 'weak@example.org'], { input })
      expect([refused.code, refused.printed]).toEqual([1, ''])
      expect(refused.complaint).toMatch(/^[A-Z].*password.*\.\n$/i)
    }
    const typed = await spawned(['create-admin', 'weak@example.org', '--password', NEW_PASSWORD])
    expect([typed.code, typed.complaint]).toEqual([1, expect.stringContaining("Unknown option '--password'")])
    expect(await fork().count(User, { email: 'weak@example.org' })).toBe(0)
  })
})

describe('accounts', () => {
  it('are listed, and given another role, which ends their sessions', async () => {
    const user = await server.register('student', 'Nurlan')
    const agent = await server.signIn(user)
    expect((await admin(['list-users', 'nurlan'])).printed).toMatch(
      new RegExp(`^ *${user.id}  student   ${user.email}  Nurlan N\\d+  \\(address not confirmed\\)\n$`),
    )
    expect(await admin(['set-role', user.email, 'teacher'])).toMatchObject({ code: 0, complaint: '' })
    await agent.get('/api/auth/me/').expect(401)
    expect((await admin(['list-users', '--role', 'teacher', 'nurlan'])).printed).toContain(user.email)
    expect(await admin(['set-role', user.email, 'king'])).toMatchObject({
      code: 1,
      complaint: expect.stringMatching(/Say a role/),
    })
    expect(await admin(['set-role', 'nobody@example.org', 'admin'])).toMatchObject({
      code: 1,
      complaint: 'There is no such account.\n',
    })
  })

  it('never lose the last admin', async () => {
    const admins = await fork().find(User, { role: 'admin' })
    const outcomes = await Promise.all(admins.map(({ email }) => admin(['set-role', email, 'student'])))
    expect(outcomes.filter(({ code }) => code === 1).map(({ complaint }) => complaint)).toEqual([
      expect.stringContaining('last administrator'),
    ])
  })

  it('get a new password, and lose every sign-in', async () => {
    const user = await server.register()
    const agent = await server.signIn(user)
    expect(await admin(['set-password', user.email], { input: NEW_PASSWORD })).toMatchObject({ code: 0 })
    await agent.get('/api/auth/me/').expect(401)
    await login(user.email, PASSWORD).expect(401)
    await login(user.email, NEW_PASSWORD).expect(200)
  })
})

describe('the house-keeping', () => {
  it('shows and changes settings, in the running processes too', async () => {
    expect((await admin(['settings'])).printed).toContain('registration_open = true\n')
    expect((await spawned(['settings', 'set', 'refund_days', '7'])).printed).toBe('refund_days = 7\n')
    expect((await admin(['settings', 'set', 'business_timezone', 'Asia/Bishkek'])).code).toBe(0)
    expect((await admin(['settings', 'get', 'business_timezone'])).printed).toBe('business_timezone = "Asia/Bishkek"\n')
    await expect.poll(() => server.context.settings.get('refund_days'), { timeout: 5000 }).toBe(7)
    for (const words of [['set', 'refund_days', '-1'], ['set', 'nothing', '1'], ['get', 'nothing'], ['drop']]) {
      expect(await admin(['settings', ...words])).toMatchObject({ code: 1, printed: '' })
    }
  })

  it('counts every counter anew', async () => {
    const em = fork()
    const course = await aCourse(em, await server.register('teacher'))
    await em.nativeUpdate(Course, { id: course.id }, { studentsCount: 9 })
    const { printed, code } = await admin(['reconcile'])
    expect([code, printed]).toEqual([0, expect.stringContaining(`course.students_count of ${course.id}: 9 → 0\n`)])
    expect((await admin(['reconcile'])).printed).toBe('Every counter is right.\n')
  })

  it('says how it is used', async () => {
    expect(await spawned(['--help'])).toMatchObject({
      code: 0,
      printed: expect.stringMatching(/^npm run admin -- <command>\n/),
      complaint: '',
    })
    for (const words of [[], ['constructor'], ['drop-database']]) {
      expect(await admin(words)).toMatchObject({
        code: 1,
        printed: '',
        complaint: expect.stringMatching(/^npm run admin/),
      })
    }
  })
})

describe('where it finds the platform', () => {
  it('is a file that only its owner may read, of our own variables alone', () => {
    expect(statSync(join(directory, 'environment.json')).mode & 0o777).toBe(0o600)
    const config = loadRunningConfig({ DATA_DIR: directory, LOG_LEVEL: 'silent', DATABASE_URL: '' })
    expect(config).toMatchObject({
      publicUrl: 'http://ustat.test',
      logLevel: 'silent',
      database: server.config.database,
    })
    expect(config.redis.url).toContain(new URL(inject('redisUrl')).pathname)
  })

  it('is missed in one sentence when nothing runs, or when what ran was killed', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'ustat-cli-empty-'))
    const nothing = await spawned(['list-users'], { env: { DATA_DIR: empty } })
    expect(nothing).toEqual({
      code: 1,
      printed: '',
      complaint: expect.stringMatching(/^Nothing runs in DATA_DIR .*\.\n$/),
    })
    expect(existsSync(join(empty, 'secrets.json'))).toBe(false)
    rmSync(empty, { recursive: true })
    const killed = await admin(['list-users'], {
      env: { DATA_DIR: directory, DATABASE_URL: 'postgresql://ustat@%2Fnowhere/ustat' },
    })
    expect(killed).toMatchObject({
      code: 1,
      complaint: 'The database cannot be reached: does `npm start` run with this DATA_DIR?\n',
    })
  })
})
