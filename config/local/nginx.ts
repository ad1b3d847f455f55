import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../config.ts'
import { ManagedProcess, ProcessError } from './processes.ts'
import { findProgram } from './programs.ts'

/** What the templates in nginx/ ask for. Addresses are `unix:/path`, `host:port` or `http://host:port`. */
export interface FrontSettings {
  /** Where the filled-in files go, and nginx's temporary ones. */
  directory: string
  /** The address to listen on; null for every one. */
  host: string | null
  port: number
  tls: { certFile: string; keyFile: string } | null
  upstreams: Config['upstreams']
  /** Built pages as a directory, or where Vite serves them. */
  pages: { directory: string } | { url: string }
  store: Config['store']
  /** Objects may still be there. */
  storeBefore?: Config['storeBefore']
  accessLog: string
  /** Of the chat from one address, as its hubs let in. */
  chatSocketsPerAddress: number
}

/** Of connections that nobody has accepted yet: all who were on a hub that was killed come within half a second. */
const BACKLOG = 4096
/** For connections of an address that nginx still has and the hubs have not yet, or no longer. */
const SPARE = 1.5
/** nginx counts no further. */
const MOST_COUNTED = 65_535

const templates = fileURLToPath(new URL('../../nginx/', import.meta.url))

/** Writes the filled-in configuration and returns its main file. The same settings give the same files. */
export function writeFrontConfig(settings: FrontSettings): string {
  const { directory, pages } = settings
  const conf = join(directory, 'conf')
  mkdirSync(conf, { recursive: true })
  const values = valuesOf(settings)
  for (const file of readdirSync(templates)) {
    // One of the two includes serves the pages.
    const template = file === 'pages.conf' && 'url' in pages ? 'vite.conf' : file
    writeFileSync(join(conf, file), fillIn(readFileSync(join(templates, template), 'utf8'), values))
  }
  return join(conf, 'nginx.conf')
}

/**
 * Starts nginx in the foreground on the port.
 *
 * @throws {ProcessError} in one sentence, with what nginx said
 */
export async function startNginx(
  settings: FrontSettings,
  { logFile, report }: { logFile: string; report(line: string): void },
  stack: AsyncDisposableStack,
): Promise<void> {
  const file = writeFrontConfig(settings)
  const server = stack.use(
    new ManagedProcess(
      {
        name: 'nginx',
        command: [findProgram('nginx'), '-c', file, '-p', settings.directory, '-e', 'stderr'],
        readiness: () => accepts(settings.port, settings.host ?? '127.0.0.1'),
        output: { file: logFile },
      },
      report,
    ),
  )
  await server.start()
}

function valuesOf(settings: FrontSettings): Record<string, string> {
  const { host, port, tls, upstreams, pages, store, accessLog } = settings
  const addresses = host ? [host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`] : [`${port}`, `[::]:${port}`]
  const nodes = Object.entries(upstreams.media)
  const openFiles = Math.min(65_536, hardLimitOfFiles())
  return {
    // Its workers are "nobody" otherwise, who may not enter a checkout under a closed home.
    user: process.getuid?.() === 0 ? 'user root;' : '',
    openFiles: String(openFiles),
    // Each takes a file; some are left for pages and recordings.
    connections: String(Math.floor(openFiles * 0.9)),
    accessLog: quotable(accessLog),
    apiServer: serverAt(upstreams.api),
    // A dead hub is known at the first try, and tried again soon: it is back within a second.
    chatServers: upstreams.chat.map((address) => serverAt(address, ' max_fails=1 fail_timeout=1s')).join('\n    '),
    chatPerAddress: String(Math.min(MOST_COUNTED, Math.ceil(settings.chatSocketsPerAddress * SPARE))),
    mediaUpstreams: nodes
      .map(([name, address]) => `upstream media_${name} { ${serverAt(address)} keepalive 2048; keepalive_timeout 4s; }`)
      .join('\n  '),
    mediaNodes: nodes.map(([name]) => `${name} media_${name};`).join('\n    '),
    listen: addresses
      .map((address) => `listen ${address} backlog=${BACKLOG}${tls ? ' ssl http2' : ''};`)
      .join('\n    '),
    tls: tls ? 'include tls.conf;' : '',
    // nginx would look for a relative path beside its own files.
    tlsCert: quotable(resolve(tls?.certFile ?? '')),
    tlsKey: quotable(resolve(tls?.keyFile ?? '')),
    strictTransport: tls ? 'add_header Strict-Transport-Security max-age=31536000 always;' : '',
    pages: quotable('url' in pages ? pages.url : pages.directory),
    segments: store.kind === 'disk' ? 'include segments.conf;' : '',
    store: quotable(store.kind === 'disk' ? store.directory : '/nonexistent'),
    mediaOrigins: [store, settings.storeBefore]
      .flatMap(originsOf)
      .map((origin) => ` ${origin}`)
      .join(''),
  }
}

/** Asking for more makes nginx complain at every start. */
function hardLimitOfFiles(): number {
  if (!existsSync('/proc/self/limits')) return 1024
  const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return Number(hard ?? 65_536)
}

/** Where presigned URLs lead: the store's host, and the bucket's own below it. */
function originsOf(store: Config['store'] | null | undefined): string[] {
  if (store?.kind !== 's3') return []
  const urls = [store.endpoint, store.publicUrl].filter((url) => url !== undefined).map((url) => new URL(url))
  return [...new Set(urls.flatMap((url) => [url.origin, `${url.protocol}//${store.bucket}.${url.host}`]))]
}

function serverAt(address: string, options = ''): string {
  return `server "${quotable(address.replace(/^http:\/\//, ''))}"${options};`
}

/** The templates put paths in quotes, for their blanks; a dollar sign would be read as a variable's. */
function quotable(text: string): string {
  if (/["$\\\n]/.test(text)) throw new ProcessError(`nginx cannot take this path: ${text}`)
  return text
}

function fillIn(text: string, values: Record<string, string>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new TypeError(`a template in nginx/ asks for ${name}`)
    return value
  })
}

function accepts(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
