import { z } from 'zod'

const secret = z.string().min(32)
const flag = z.enum(['0', '1', 'true', 'false']).transform((value) => value === '1' || value === 'true')

const environment = z.object({
  NODE_ENV: z.enum(['development', 'production', 'test']).default('development'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  PORT: z.coerce.number().int().min(1).max(65535).default(8080),
  HOST: z.string().optional(),
  RTMP_PORT: z.coerce.number().int().min(1).max(65535).default(1935),
  PUBLIC_URL: z.url().optional(),
  ALLOWED_HOSTS: z.string().default(''),
  DATA_DIR: z.string().min(1).default('./data'),
  LISTEN: z.string().min(1),
  NODE_NAME: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .default('m1'),
  API_URL: z.string().min(1).default('http://127.0.0.1:3000'),
  MEDIA_URL: z.string().min(1).default('http://127.0.0.1:3001'),
  CHAT_URL: z
    .string()
    .regex(/^[^,\s]+(,[^,\s]+)*$/)
    .default('http://127.0.0.1:3002'),
  CHAT_HUBS: z.coerce.number().int().min(1).max(16).default(2),
  CHAT_SOCKETS_PER_ACCOUNT: z.coerce.number().int().min(1).default(5),
  CHAT_GUESTS_PER_IP: z.coerce.number().int().min(1).default(20),
  CHAT_SOCKETS_PER_IP: z.coerce.number().int().min(1).default(2000),
  CHAT_UPGRADES_PER_SECOND: z.coerce.number().int().min(1).default(2500),
  MEDIA_NODES: z
    .string()
    .regex(/^([a-z0-9-]{1,32}=[^,\s]+)(,[a-z0-9-]{1,32}=[^,\s]+)*$/)
    .optional(),
  DATABASE_URL: z.string().min(1),
  ANALYTICS_DATABASE_URL: z.string().min(1).optional(),
  REDIS_URL: z.string().min(1),
  STORE: z.enum(['disk', 's3']).optional(),
  STORE_BEFORE: z.enum(['disk', 's3']).optional(),
  S3_ENDPOINT: z.url().optional(),
  R2_ACCOUNT_ID: z.string().optional(),
  S3_REGION: z.string().default('auto'),
  S3_BUCKET: z.string().optional(),
  S3_ACCESS_KEY_ID: z.string().optional(),
  S3_SECRET_ACCESS_KEY: z.string().optional(),
  S3_PUBLIC_URL: z.url().optional(),
  STRIPE_SECRET_KEY: z.string().min(1).optional(),
  STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
  PAYMENT_SANDBOX: flag.optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z
    .string()
    .regex(/^[^\p{C}]+$/u)
    .optional(),
  VAPID_PUBLIC_KEY: z
    .string()
    .regex(/^B[\w-]{86}$/)
    .optional(),
  VAPID_PRIVATE_KEY: z
    .string()
    .regex(/^[\w-]{43}$/)
    .optional(),
  VAPID_SUBJECT: z.url({ protocol: /^(https|mailto)$/ }).optional(),
  TLS_CERT: z.string().optional(),
  TLS_KEY: z.string().optional(),
  JWT_SECRET: secret,
  TOKEN_SECRET: secret,
  STREAM_KEY_SECRET: secret,
  INTERNAL_SECRET: secret,
  PART_TARGET_MS: z.coerce.number().int().min(150).max(1000).default(210),
  DEMO: flag.default(false),
})

/** Every variable there is. */
export const variableNames: readonly string[] = Object.keys(environment.shape)

/** Everything a process may know of its surroundings; durations are milliseconds. */
export type Config = ReturnType<typeof loadConfig>

/** What is wrong with the environment, one sentence a variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

/**
 * The only reader of `process.env`, so that a bad value stops a process before it does anything.
 * The seed's `R2_*` names are read where the `S3_*` one is missing.
 *
 * @throws {ConfigError} naming every bad variable, never its value
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env) {
  const filled = Object.fromEntries(Object.entries(withR2Names(env)).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(filled)
  if (!parsed.success) {
    throw new ConfigError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}.`).join(' '))
  }
  const vars = parsed.data
  if (vars.NODE_ENV === 'production') refuseMadeUpSecrets(vars)
  const publicUrl = vars.PUBLIC_URL ?? `${vars.TLS_CERT && vars.TLS_KEY ? 'https' : 'http'}://localhost:${vars.PORT}`
  return {
    isProduction: vars.NODE_ENV === 'production',
    logLevel: vars.LOG_LEVEL,
    /** The address that the front and RTMP listen on; null for every one. */
    host: vars.HOST ?? null,
    port: vars.PORT,
    publicUrl,
    allowedHosts: vars.ALLOWED_HOSTS.split(',')
      .map((host) => host.trim())
      .filter(Boolean),
    dataDir: vars.DATA_DIR,
    /** Where this process serves HTTP: a unix socket's path, or `host:port`. */
    listen: vars.LISTEN,
    /** This media process's name; in every playback URL of its broadcasts. */
    nodeName: vars.NODE_NAME,
    /** Where the api's `/internal` is reached: `http://host:port` or `unix:/path`. */
    apiUrl: vars.API_URL,
    /** Where this media process's HTTP is reached by the api and the worker, in the same forms. */
    mediaUrl: vars.MEDIA_URL,
    /** What the one origin passes requests on to; any of the chat's hubs, media by the names in playback URLs. */
    upstreams: {
      api: vars.API_URL,
      chat: vars.CHAT_URL.split(','),
      media: nodesFrom(vars.MEDIA_NODES ?? `${vars.NODE_NAME}=${vars.MEDIA_URL}`),
    },
    chat: {
      /** How many `npm start` runs. */
      hubs: vars.CHAT_HUBS,
      /** Over all hubs together, but for the upgrades, which are each hub's. */
      limits: {
        socketsPerAccount: vars.CHAT_SOCKETS_PER_ACCOUNT,
        guestsPerAddress: vars.CHAT_GUESTS_PER_IP,
        socketsPerAddress: vars.CHAT_SOCKETS_PER_IP,
        upgradesPerSecond: vars.CHAT_UPGRADES_PER_SECOND,
      },
    },
    database: { url: vars.DATABASE_URL },
    /** The main one, unless it is told otherwise. */
    analytics: { url: vars.ANALYTICS_DATABASE_URL ?? vars.DATABASE_URL },
    redis: { url: vars.REDIS_URL },
    ingest: {
      port: vars.RTMP_PORT,
      tls: vars.TLS_CERT && vars.TLS_KEY ? { certFile: vars.TLS_CERT, keyFile: vars.TLS_KEY } : null,
      /** What a publisher types into OBS as "Server". */
      publicUrl: `${vars.TLS_CERT ? 'rtmps' : 'rtmp'}://${new URL(publicUrl).hostname}:${vars.RTMP_PORT}/live`,
    },
    packager: { partTargetMs: vars.PART_TARGET_MS, segmentTargetMs: 2000 },
    ...storesFrom(vars),
    payments: paymentsFrom(vars),
    mail: {
      /** Null: mails are written into the outbox instead. */
      smtpUrl: vars.SMTP_URL ?? null,
      from: vars.MAIL_FROM ?? `Ustat <no-reply@${new URL(publicUrl).hostname}>`,
      outbox: `${vars.DATA_DIR}/outbox`,
    },
    /** Null: nobody is told of anything while their pages are closed. */
    push: pushFrom(vars, publicUrl),
    secrets: {
      jwt: vars.JWT_SECRET,
      token: vars.TOKEN_SECRET,
      streamKey: vars.STREAM_KEY_SECRET,
      internal: vars.INTERNAL_SECRET,
    },
    /** Make the demo accounts and course on an empty database. */
    isDemo: vars.DEMO && vars.NODE_ENV !== 'production',
  }
}

/** `m1=http://media-1:3001,m2=…` */
function nodesFrom(list: string): Record<string, string> {
  return Object.fromEntries(list.split(',').map((entry) => entry.split(/=(.*)/, 2) as [string, string]))
}

export type StoreConfig =
  | { kind: 'disk'; directory: string }
  | {
      kind: 's3'
      endpoint: string | undefined
      region: string
      bucket: string
      accessKeyId: string
      secretAccessKey: string
      publicUrl: string | undefined
    }

function storesFrom(vars: z.infer<typeof environment>) {
  const stores: Record<StoreConfig['kind'], StoreConfig | null> = {
    disk: { kind: 'disk', directory: `${vars.DATA_DIR}/store` },
    s3: s3From(vars),
  }
  const store = stores[vars.STORE ?? (stores.s3 ? 's3' : 'disk')]
  const storeBefore = vars.STORE_BEFORE ? stores[vars.STORE_BEFORE] : null
  if (!store || (vars.STORE_BEFORE && !storeBefore)) throw new ConfigError('STORE: s3 needs S3_BUCKET.')
  if (storeBefore === store) throw new ConfigError('STORE_BEFORE: is the store that is used now.')
  return {
    // What is not there yet has no public address of its own.
    store: storeBefore && store.kind === 's3' ? { ...store, publicUrl: undefined } : store,
    /** Where objects were, while they are on their way from there. */
    storeBefore,
    stores,
  }
}

function s3From(vars: z.infer<typeof environment>): StoreConfig | null {
  if (!vars.S3_BUCKET) return null
  const endpoint =
    vars.S3_ENDPOINT ?? (vars.R2_ACCOUNT_ID ? `https://${vars.R2_ACCOUNT_ID}.r2.cloudflarestorage.com` : undefined)
  if (!vars.S3_ACCESS_KEY_ID || !vars.S3_SECRET_ACCESS_KEY) {
    throw new ConfigError('S3_BUCKET: needs S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY.')
  }
  return {
    kind: 's3',
    endpoint,
    region: vars.S3_REGION,
    bucket: vars.S3_BUCKET,
    accessKeyId: vars.S3_ACCESS_KEY_ID,
    secretAccessKey: vars.S3_SECRET_ACCESS_KEY,
    publicUrl: vars.S3_PUBLIC_URL,
  }
}

function paymentsFrom(vars: z.infer<typeof environment>) {
  const { STRIPE_SECRET_KEY: secretKey, STRIPE_WEBHOOK_SECRET: webhookSecret } = vars
  if (Boolean(secretKey) !== Boolean(webhookSecret)) {
    throw new ConfigError('STRIPE_SECRET_KEY: needs STRIPE_WEBHOOK_SECRET, and the other way round.')
  }
  return {
    stripe: secretKey && webhookSecret ? { secretKey, webhookSecret } : null,
    /** Courses can be had for no money there, so in production only when somebody says so. */
    isSandbox: vars.PAYMENT_SANDBOX ?? (!secretKey && vars.NODE_ENV !== 'production'),
  }
}

function pushFrom(vars: z.infer<typeof environment>, publicUrl: string) {
  const { VAPID_PUBLIC_KEY: publicKey, VAPID_PRIVATE_KEY: privateKey, VAPID_SUBJECT: subject } = vars
  if (Boolean(publicKey) !== Boolean(privateKey)) {
    throw new ConfigError('VAPID_PUBLIC_KEY: needs VAPID_PRIVATE_KEY, and the other way round.')
  }
  if (!publicKey || !privateKey) return null
  const { protocol, hostname } = new URL(publicUrl)
  // Whom a push service asks about what we send: RFC 8292 wants an address to write to, or a page.
  return {
    publicKey,
    privateKey,
    subject: subject ?? (protocol === 'https:' ? publicUrl : `mailto:no-reply@${hostname}`),
  }
}

function withR2Names(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    ...env,
    S3_BUCKET: env.S3_BUCKET ?? env.R2_BUCKET ?? env.R2_BUCKET_NAME,
    S3_ACCESS_KEY_ID: env.S3_ACCESS_KEY_ID ?? env.R2_ACCESS_KEY_ID,
    S3_SECRET_ACCESS_KEY: env.S3_SECRET_ACCESS_KEY ?? env.R2_SECRET_ACCESS_KEY,
    S3_PUBLIC_URL: env.S3_PUBLIC_URL ?? env.R2_PUBLIC_URL,
  }
}

/** Thirty-two characters that somebody typed or copied from a guide guard nothing. */
function refuseMadeUpSecrets(vars: z.infer<typeof environment>): void {
  const names = ['JWT_SECRET', 'TOKEN_SECRET', 'STREAM_KEY_SECRET', 'INTERNAL_SECRET'] as const
  const madeUp = names.filter(
    (name) => new Set(vars[name]).size < 12 || /change.?me|example|placeholder|default|secret/i.test(vars[name]),
  )
  if (madeUp.length === 0) return
  throw new ConfigError(`${madeUp.join(', ')}: not random; make each with \`openssl rand -base64 32\`.`)
}
