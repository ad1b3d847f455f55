// What a fresh clone lacks, on any Node from 20 on and without a package: `node config/local/setup.mjs <purpose>`.
// Every step looks first and works only when it must, so a second run takes a moment.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installPackages, linkNode, mendPostgres, mendWebSockets } from './setup-packages.mjs'
import { planPrograms } from './setup-programs.mjs'
import { SetupError } from './setup-steps.mjs'
import { buildPages } from './setup-web.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What each npm script needs beside the npm packages. */
const purposes = {
  start: { programs: ['ffmpeg', 'redis', 'nginx'], pages: true },
  dev: { programs: ['ffmpeg', 'redis', 'nginx'] },
  publish: { programs: ['ffmpeg'] },
  test: { programs: ['ffmpeg', 'redis', 'nginx', 'chromium'], pages: true },
  bench: {
    programs: [
      ...['ffmpeg', 'redis', 'nginx', 'chromium', 'nginx-rtmp', 'ip', 'socat', 'gcc', 'libc-dev', 'rclone', 'boto3'],
      ...['drf', 'django-filters', 'django-redis', 'psycopg2', 'gunicorn', 'channels', 'channels-redis', 'daphne'],
    ],
    pages: true,
  },
  check: { programs: [] },
  image: { programs: [], pages: true },
}

async function setUp(purpose) {
  const needs = purposes[purpose]
  if (!needs) throw new SetupError(`Say what to set up for: ${Object.keys(purposes).join(', ')}.`)
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node 20 or newer (Debian 12's own is 18).`)
  }
  if (process.platform === 'win32') throw new SetupError('On Windows, use WSL or `docker compose up`.')
  if (existsSync(join(root, '.env'))) process.loadEnvFile?.(join(root, '.env'))

  const programs = needs.programs.filter((name) => name !== 'redis' || !process.env.REDIS_URL)
  const installPrograms = await planPrograms(programs)
  // Both mostly wait for the network. Neither is left half-done when the other fails.
  const installed = await Promise.allSettled([installPackages(root, say), installPrograms(say)])
  for (const { reason } of installed) if (reason) throw reason
  linkNode(root, say)
  mendPostgres(root, say)
  mendWebSockets(root, say)
  if (needs.pages) await buildPages(root, say)
}

/** One line a step, so that a log shows the same as a terminal. */
function say(line) {
  process.stdout.write(`setup: ${line}\n`)
}

const startedAt = performance.now()
setUp(process.argv[2]).then(
  () => say(`ready (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`),
  (error) => {
    process.stderr.write(error instanceof SetupError ? `${error.message}\n` : `${error.stack}\n`)
    process.exitCode = 1
  },
)
