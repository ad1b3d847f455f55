import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run, SetupError } from './setup-steps.mjs'

/** Builds the web pages when what they are made of has changed: one hash over every source, kept beside the result. */
export async function buildPages(root, say) {
  const web = join(root, 'web')
  const [built, fresh, old] = ['dist', '.dist-new', '.dist-old'].map((name) => join(web, name))
  const stamp = hashOf(root)
  const stampFile = join(built, '.sources')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) return
  say('building the web pages')
  const bin = join(root, 'node_modules', '.bin')
  const vite = [
    'build',
    '--config',
    join(web, 'vite.config.ts'),
    '--outDir',
    fresh,
    '--emptyOutDir',
    '--logLevel',
    'warn',
  ]
  const { code, text } = await run(join(bin, 'node'), [join(bin, 'vite'), ...vite], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production', NO_COLOR: '1' },
  })
  if (code !== 0) throw new SetupError(`The web pages could not be built:\n${text.trim()}`)
  writeFileSync(join(fresh, '.sources'), stamp)
  // Swapped in whole: an instance that runs from this checkout never serves half a build.
  rmSync(old, { recursive: true, force: true })
  if (existsSync(built)) renameSync(built, old)
  renameSync(fresh, built)
  rmSync(old, { recursive: true, force: true })
}

function hashOf(root) {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  for (const file of sources(join(root, 'web'))) hash.update(file.slice(root.length)).update(readFileSync(file))
  return hash.digest('hex')
}

function sources(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .filter(({ name }) => name !== 'dist' && !name.startsWith('.'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? sources(join(directory, entry.name)) : [join(directory, entry.name)]))
}
