import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ConfigError, loadConfig } from '../../config/config.ts'

const needed = {
  LISTEN: '127.0.0.1:3000',
  DATABASE_URL: 'postgresql://localhost/ustat',
  REDIS_URL: 'redis://localhost',
  JWT_SECRET: 'k3Jd93kfPq0zVb7LmX2cNs8RtYuW1eHg',
  TOKEN_SECRET: 'Zx81mQpLr5Tn0VbYc7KdWs3GfHj2EuAo',
  STREAM_KEY_SECRET: 'B6vNq2XsZt9RkYp4Lm8DcWf1HgJ7EuTa',
  INTERNAL_SECRET: 'Qw4ErT7yUi2OpA9sDf6GhJ3kLz8XcVbN',
}

it('fills in a default for everything but addresses and secrets', () => {
  const config = loadConfig(needed)
  expect(config).toMatchObject({
    publicUrl: 'http://localhost:8080',
    dataDir: './data',
    host: null,
    store: { kind: 'disk', directory: './data/store' },
    packager: { partTargetMs: 210 },
    ingest: { port: 1935, tls: null, publicUrl: 'rtmp://localhost:1935/live' },
  })
})

it('takes a blank value for one that is not set', () => {
  expect(loadConfig({ ...needed, PORT: '', S3_BUCKET: '', PUBLIC_URL: '' }).port).toBe(8080)
})

it('names every bad variable, never its value', () => {
  const load = () => loadConfig({ ...needed, PORT: '99999', PUBLIC_URL: 'nonsense', JWT_SECRET: 'hunter2' })
  expect(load).toThrow(ConfigError)
  expect(load).toThrow(/PORT: .*PUBLIC_URL: .*JWT_SECRET: /)
  expect(load).not.toThrow(/hunter2|99999|nonsense/)
})

it.each(['LISTEN', 'DATABASE_URL', 'REDIS_URL', 'JWT_SECRET', 'INTERNAL_SECRET'])('needs %s', (name) => {
  expect(() => loadConfig({ ...needed, [name]: undefined })).toThrow(new RegExp(`^${name}: `))
})

it('reads the R2 names where the S3 ones are missing', () => {
  const { store } = loadConfig({
    ...needed,
    R2_ACCOUNT_ID: 'a1b2c3',
    R2_BUCKET_NAME: 'lessons',
    R2_ACCESS_KEY_ID: 'id',
    R2_SECRET_ACCESS_KEY: 'key',
  })
  expect(store).toEqual({
    kind: 's3',
    endpoint: 'https://a1b2c3.r2.cloudflarestorage.com',
    region: 'auto',
    bucket: 'lessons',
    accessKeyId: 'id',
    secretAccessKey: 'key',
    publicUrl: undefined,
  })
})

it('prefers the S3 names to the R2 ones', () => {
  const { store } = loadConfig({
    ...needed,
    S3_BUCKET: 'mine',
    R2_BUCKET: 'other',
    S3_ENDPOINT: 'http://127.0.0.1:9000',
    R2_ACCOUNT_ID: 'a1b2c3',
    S3_ACCESS_KEY_ID: 'id',
    S3_SECRET_ACCESS_KEY: 'key',
  })
  expect(store).toMatchObject({ bucket: 'mine', endpoint: 'http://127.0.0.1:9000' })
})

it('refuses a bucket without its keys', () => {
  expect(() => loadConfig({ ...needed, S3_BUCKET: 'lessons' })).toThrow(/^S3_BUCKET: /)
})

it('speaks HTTPS and RTMPS with a certificate', () => {
  const config = loadConfig({ ...needed, TLS_CERT: '/c.pem', TLS_KEY: '/k.pem' })
  expect(config.publicUrl).toBe('https://localhost:8080')
  expect(config.ingest).toMatchObject({
    tls: { certFile: '/c.pem', keyFile: '/k.pem' },
    publicUrl: 'rtmps://localhost:1935/live',
  })
})

it.each(['a'.repeat(40), 'change-me-change-me-change-me-change-me', '-'.repeat(32)])(
  'refuses the secret %s in production',
  (secret) => {
    const production = { ...needed, NODE_ENV: 'production' }
    expect(loadConfig(production).isProduction).toBe(true)
    expect(() => loadConfig({ ...production, TOKEN_SECRET: secret })).toThrow(/^TOKEN_SECRET: not random/)
  },
)

it('takes its own media process for the only one, unless there are several', () => {
  expect(loadConfig(needed).upstreams.media).toEqual({ m1: 'http://127.0.0.1:3001' })
  expect(loadConfig({ ...needed, MEDIA_NODES: 'a=http://one:3001,b-2=http://two:3001/?x=1' }).upstreams.media).toEqual({
    a: 'http://one:3001',
    'b-2': 'http://two:3001/?x=1',
  })
  expect(() => loadConfig({ ...needed, MEDIA_NODES: 'A=http://one' })).toThrow(/^MEDIA_NODES: /)
})

it('makes no demo data in production', () => {
  expect(loadConfig({ ...needed, DEMO: '1' }).isDemo).toBe(true)
  expect(loadConfig({ ...needed, DEMO: '1', NODE_ENV: 'production' }).isDemo).toBe(false)
})

it('has a sentence for every variable in example.env, and no other variable there', () => {
  const read = readFileSync('config/config.ts', 'utf8').matchAll(/^ {2}([A-Z0-9_]+): (?:z|secret|flag)/gm)
  const explained = readFileSync('config/example.env', 'utf8').matchAll(/^([A-Z0-9_]+)=/gm)
  const names = (matches: Iterable<RegExpMatchArray>) => [...matches].map(([, name]) => name).sort()
  expect(names(explained)).toEqual(names(read))
})

it('takes a mail server by its URL only, and a sender without a line break', () => {
  const { mail } = loadConfig({ ...needed, PUBLIC_URL: 'https://ustat.example', SMTP_URL: 'smtps://u:p@mail.example' })
  expect(mail).toEqual({
    smtpUrl: 'smtps://u:p@mail.example',
    from: 'Ustat <no-reply@ustat.example>',
    outbox: './data/outbox',
  })
  expect(loadConfig(needed).mail.smtpUrl).toBeNull()
  expect(() => loadConfig({ ...needed, SMTP_URL: 'https://mail.example' })).toThrow(/^SMTP_URL: /)
  expect(() => loadConfig({ ...needed, MAIL_FROM: 'A <a@b.example>\r\nBcc: c@d.example' })).toThrow(/^MAIL_FROM: /)
})

it('pushes with a whole key pair or not at all, and says where it can be asked about that', () => {
  const pair = { VAPID_PUBLIC_KEY: `B${'k'.repeat(86)}`, VAPID_PRIVATE_KEY: 'p'.repeat(43) }
  expect(loadConfig(needed).push).toBeNull()
  expect(loadConfig({ ...needed, ...pair }).push).toMatchObject({ subject: 'mailto:no-reply@localhost' })
  const [PUBLIC_URL, VAPID_SUBJECT] = ['https://school.example', 'mailto:post@school.example']
  expect(loadConfig({ ...needed, ...pair, PUBLIC_URL }).push).toMatchObject({ subject: PUBLIC_URL })
  expect(loadConfig({ ...needed, ...pair, VAPID_SUBJECT }).push).toMatchObject({ subject: VAPID_SUBJECT })
  expect(() => loadConfig({ ...needed, VAPID_PUBLIC_KEY: pair.VAPID_PUBLIC_KEY })).toThrow(/^VAPID_PUBLIC_KEY: needs/)
  expect(() => loadConfig({ ...needed, ...pair, VAPID_SUBJECT: 'http://school.example' })).toThrow(/^VAPID_SUBJECT: /)
})
