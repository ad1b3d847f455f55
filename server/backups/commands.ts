import type { Config } from '../../config/config.ts'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import { openAnalytics } from '../analytics/orm.ts'
import { createContext } from '../context.ts'
import { openOrm } from '../db/orm.ts'
import { ProgressBar } from '../library/progress-bar.ts'
import { count, duration, size, table } from '../library/words.ts'
import { createLogger } from '../logger.ts'
import { findBackups, requireBackup } from './find-backups.ts'
import { makeBackup } from './make-backup.ts'
import { bytesOf, type Manifest, momentOf } from './manifest.ts'
import {
  checkBackup,
  findMissingMedia,
  type RestoreOptions,
  requireEmptyDatabase,
  restoreBackup,
} from './restore-backup.ts'
import { resumeWork } from './resume-work.ts'

export const backupUsage = `  backup                                                        the database, now, into the store (a worker does it nightly)
  backups                                                       those there are, newest first
  restore <name, or its beginning> [--yes]                      into an empty database; without --yes only checks the backup
`

interface Surroundings {
  config: Config
  store: ObjectStore
  isSure: boolean
  print(line: string): void
  signal: AbortSignal
}

/** Without a context: the database may be empty, or away. */
export const backupCommands: Record<string, (words: string[], surroundings: Surroundings) => Promise<void>> = {
  async backup(_words, { config, store, print, signal }) {
    const [orm, analytics] = [await openOrm(config.database.url), await openAnalytics(config.analytics.url)]
    await using stack = new AsyncDisposableStack()
    stack.defer(async () => void (await Promise.all([orm.close(true), analytics.close(true)])))
    const progress = stack.use(new ProgressBar('Backing up'))
    const manifest = await makeBackup({ config, orm, analytics, store }, { progress, signal })
    await stack.disposeAsync()
    print(`${manifest.name} is made: ${contentOf(manifest)}, in ${duration(manifest.seconds)}.`)
  },

  async backups(_words, { store, print }) {
    const all = await findBackups(store)
    if (all.length === 0) return print('There is none. `npm run admin -- backup` makes one; a worker does each night.')
    const rows = all.map(({ name, bytes, manifest, why }) => [
      name,
      momentOf(name).toISOString().slice(0, 16).replace('T', ' '),
      size(bytes),
      manifest ? `whole: ${contentOf(manifest)}` : `not whole: ${why}`,
    ])
    for (const line of aligned([['Name', 'UTC', 'Size', 'State'], ...rows])) print(line)
  },

  async restore([word = ''], { config, store, isSure, print, signal }) {
    const manifest = await requireBackup(store, word)
    const options = { stage, signal }
    if (isSure) await requireEmptyDatabase(config)
    await checkBackup(store, manifest, options)
    if (!isSure) {
      print(`${manifest.name} is whole: ${contentOf(manifest)}. Nothing was changed.`)
      return print(`To restore it into the empty database ${placeOf(config)}, add --yes.`)
    }
    const { rows, migrations } = await restoreBackup({ config, store }, manifest, options)
    print(`${count(rows)} rows are restored as of ${manifest.started_at}.`)
    if (migrations.length > 0) print(`They are brought to this version (${count(migrations.length)} migrations).`)
    await wakePlatform(config)
    await printMissing(store, manifest, print)
    print('Restart what runs of the platform now.')
  },
}

async function printMissing(store: ObjectStore, manifest: Manifest, print: (line: string) => void): Promise<void> {
  const { objects } = manifest.media
  try {
    const { missing, examples } = await findMissingMedia(store, manifest)
    if (missing === 0) return print(`All ${count(objects)} media objects are in the store.`)
    print(`${count(missing)} of ${count(objects)} media objects are not in the store: copy them there.`)
    for (const key of examples) print(`  ${key}`)
    if (missing > examples.length) print(`  … and ${count(missing - examples.length)} more`)
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error
    print(`Which of the ${count(objects)} media objects are missing is not known: the store is in trouble.`)
  }
}

/** Guests see the catalogue that is there now, and what waited is gone on with. */
async function wakePlatform(config: Config): Promise<void> {
  await using context = await createContext(config, { role: 'api', log: createLogger('restore', 'silent') })
  await resumeWork(context.orm.em.fork(), context.queue)
  await context.catalogCache.bump()
}

function stage(name: string, pieces: number, bytes: number): ReturnType<NonNullable<RestoreOptions['stage']>> {
  const bar = new ProgressBar(name)
  bar.begin(pieces, bytes)
  return { bytes: (more) => bar.bytes(more), piece: () => bar.file(), end: () => bar[Symbol.dispose]() }
}

function contentOf(manifest: Manifest): string {
  const rows = manifest.tables.reduce((total, each) => total + each.rows, 0)
  const { objects, total_bytes: bytes } = manifest.media
  return `${count(rows)} rows in ${size(bytesOf(manifest))}, beside ${count(objects)} media objects of ${size(bytes)}`
}

/** Never with its password. */
function placeOf({ database, analytics }: Config): string {
  const name = (url: string) => URL.parse(url)?.pathname.slice(1) || 'of this DATA_DIR'
  return analytics.url === database.url ? name(database.url) : `${name(database.url)} and ${name(analytics.url)}`
}

function aligned(rows: string[][]): string[] {
  // The last column is a sentence, so it is not set to the right.
  const heads = table(rows.map((row) => row.slice(0, -1)))
  return heads.map((head, at) => `${head}   ${rows[at]?.at(-1) ?? ''}`)
}
