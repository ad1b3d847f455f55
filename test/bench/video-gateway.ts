import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { signPathToken } from '../../media/storage/signed-path.ts'
import type { Platform } from '../support/platform.ts'
import { until } from './clock.ts'
import { freePort } from './ports.ts'
import { descendants } from './processes.ts'
import { atLeast, type BenchOptions, type Figure } from './scenario.ts'
import { spread } from './statistics.ts'
import type { Uploaded } from './video-first-picture.ts'

const ROUNDS = 3
const CONNECTIONS = 32
const VIEWERS = 100
/** Of what nginx alone sends. */
const SHARE = 0.8
/** Servers on one core, whoever asks on the other: that one then has time to spare, which is told. */
const [SERVER_CORE, OTHER_CORE] = ['0', '1']
const SOURCE = join(import.meta.dirname, 'file-load/file-load.c')

/** See file-load.c. */
interface Load {
  answers: number
  failures: number
  bytes: number
  seconds: number
  cpu: number
  p50: number
  p99: number
}

/** The same files of the same store, through all that the product has in front of them and from an nginx with nothing else. */
export async function gatewayFigures(
  platform: Platform,
  { id }: Uploaded,
  directory: string,
  options: BenchOptions,
): Promise<Figure[]> {
  const program = join(directory, 'file-load')
  execFileSync('gcc', ['-O2', '-o', program, SOURCE], { stdio: ['ignore', 'ignore', 'inherit'] })
  const folder = join(platform.dataDir, 'store', 'videos', id)
  await using plain = await startPlain(join(platform.dataDir, 'store'), join(directory, 'plain'))
  if (cpus().length > 1) pin(platform.pid, plain.pid)
  const seconds = Math.max(2, Math.min(8, options.seconds / 8))
  const gateway = new URL(platform.url)
  const viewers = tokensOf(id, join(platform.dataDir, 'secrets.json'))
  const figures: Figure[] = []
  for (const rendition of ['1080p', '360p']) {
    const names = readdirSync(join(folder, rendition)).filter((name) => name.endsWith('.m4s'))
    const kilobytes =
      names.reduce((sum, name) => sum + statSync(join(folder, rendition, name)).size, 0) / names.length / 1e3
    const targets = {
      'nginx alone': { port: plain.port, paths: names.map((name) => `/videos/${id}/${rendition}/${name}`) },
      Ustat: {
        port: Number(gateway.port),
        paths: viewers.flatMap((token) => names.map((name) => `/vod/${token}/${id}/${rendition}/${name}`)),
      },
    }
    const seen = new Map<string, Load[]>(Object.keys(targets).map((name) => [name, []]))
    for (let round = 0; round < ROUNDS; round++) {
      for (const [name, { port, paths }] of Object.entries(targets)) {
        const load = await run(program, port, paths, seconds)
        if (load.failures > 0) throw new Error(`${name}: ${load.failures} answers other than 200`)
        options.say(`segments of ${rendition}: ${name} ${(load.answers / load.seconds).toFixed(0)} 1/s`)
        seen.get(name)?.push(load)
      }
    }
    figures.push(...figuresOf(`segments of ${rendition}, ${kilobytes.toFixed(0)} kB each`, seen))
  }
  return figures
}

function figuresOf(what: string, seen: ReadonlyMap<string, Load[]>): Figure[] {
  const median = (name: string, of: (load: Load) => number) => spread((seen.get(name) ?? []).map(of)).p50
  const rate = (name: string) => median(name, ({ answers, seconds }) => answers / seconds)
  const share = rate('Ustat') / rate('nginx alone')
  return [
    ...[...seen.keys()].map((system): Figure => {
      const speed = median(system, ({ bytes, seconds }) => bytes / 1e6 / seconds)
      const busy = median(system, ({ cpu, seconds }) => (100 * cpu) / seconds)
      const note = `${speed.toFixed(0)} MB/s; p99 ${median(system, ({ p99 }) => p99).toFixed(1)} ms; who asks busy for ${busy.toFixed(0)} % of a core`
      return { system, what, value: rate(system), unit: '1/s', note }
    }),
    { system: 'Ustat ÷ nginx alone', what, value: share, unit: '×', goal: atLeast(share, SHARE, '×') },
  ]
}

async function run(program: string, port: number, paths: readonly string[], seconds: number): Promise<Load> {
  const args = [program, '127.0.0.1', String(port), String(CONNECTIONS), String(seconds)]
  const child = spawn('taskset', ['-c', cpus().length > 1 ? OTHER_CORE : SERVER_CORE, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(`${paths.join('\n')}\n`)
  const printed = text(child.stdout)
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`the load ended with ${code}`)
  return JSON.parse(await printed) as Load
}

/** As anybody would set it up to serve a folder. */
async function startPlain(root: string, directory: string): Promise<{ pid: number; port: number } & AsyncDisposable> {
  mkdirSync(directory)
  const port = await freePort()
  const config = join(directory, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  writeFileSync(
    config,
    `${process.getuid?.() === 0 ? 'user root;' : ''}
daemon off; worker_processes auto; pid ${directory}/nginx.pid; error_log stderr error;
events { worker_connections 1024; }
http {
  sendfile on; tcp_nopush on; keepalive_timeout 75s; access_log ${directory}/access.log;
  types { video/iso.segment m4s; video/mp4 mp4; application/vnd.apple.mpegurl m3u8; }
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join(' ')}
  server { listen 127.0.0.1:${port}; root ${root}; }
}
`,
  )
  const server = spawn('nginx', ['-c', config, '-e', 'stderr'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
  })
  const gone = once(server, 'exit')
  await until('nginx alone', () => fetch(`http://127.0.0.1:${port}/none`).then(Boolean, () => false))
  return {
    pid: server.pid ?? 0,
    port,
    async [Symbol.asyncDispose]() {
      server.kill('SIGTERM')
      await gone
    },
  }
}

/** Everybody has an own one. */
function tokensOf(id: string, secrets: string): string[] {
  const { TOKEN_SECRET } = JSON.parse(readFileSync(secrets, 'utf8')) as { TOKEN_SECRET: string }
  const issuedAt = Math.floor(Date.now() / 1000)
  const token = { kind: 'video', id, enrollment: null, issuedAt, expiresAt: issuedAt + 3600 } as const
  return Array.from({ length: VIEWERS }, (_, at) => signPathToken({ ...token, subject: `gbench${at}` }, TOKEN_SECRET))
}

function pin(...roots: number[]): void {
  for (const root of roots) {
    for (const pid of [root, ...descendants(root).map(({ pid }) => pid)]) {
      execFileSync('taskset', ['-a', '-p', '-c', SERVER_CORE, String(pid)], { stdio: 'ignore' })
    }
  }
}
