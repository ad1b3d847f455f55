import { text } from 'node:stream/consumers'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import { BackupError } from './backup-error.ts'
import { FOLDER, isBackupName, MANIFEST, type Manifest, openManifest } from './manifest.ts'

export interface FoundBackup {
  name: string
  /** Of what is there. */
  bytes: number
  /** Null unless it is whole. */
  manifest: Manifest | null
  /** Why it is not whole. */
  why: string | null
}

/** Newest first. Whole is one with a manifest whose pieces are all there, each as long as it was; not read through. */
export async function findBackups(store: ObjectStore): Promise<FoundBackup[]> {
  const folders = new Map<string, Map<string, number>>()
  for await (const { key, size } of store.list(FOLDER)) {
    const [name = '', file = ''] = key.slice(FOLDER.length).split('/')
    if (!isBackupName(name)) continue
    const files = folders.get(name) ?? new Map<string, number>()
    folders.set(name, files.set(file, size))
  }
  const found: FoundBackup[] = []
  for (const name of [...folders.keys()].sort().reverse()) {
    const files = folders.get(name) ?? new Map<string, number>()
    const bytes = [...files.values()].reduce((total, size) => total + size, 0)
    try {
      found.push({ name, bytes, manifest: await readManifest(store, name, files), why: null })
    } catch (error) {
      if (!(error instanceof BackupError)) throw error
      found.push({ name, bytes, manifest: null, why: error.message })
    }
  }
  return found
}

async function readManifest(store: ObjectStore, name: string, files: ReadonlyMap<string, number>): Promise<Manifest> {
  if (!files.has(MANIFEST)) throw new BackupError('it is unfinished')
  const { body } = await store.get(`${FOLDER}${name}/${MANIFEST}`).catch((error: unknown) => {
    const isGone = error instanceof ObjectStoreError && error.code === 'not_found'
    throw isGone ? new BackupError('it is being deleted') : error
  })
  const manifest = openManifest(await text(body))
  if (manifest.name !== name) throw new BackupError('its manifest is that of another')
  for (const { file, bytes } of [...manifest.tables, manifest.media]) {
    const there = files.get(file)
    if (there === undefined) throw new BackupError(`${file} is missing`)
    if (there !== bytes) throw new BackupError(`${file} has ${there} bytes instead of ${bytes}`)
  }
  return manifest
}

/**
 * The backup that a word means: its name, or as much of the beginning as no other has.
 *
 * @throws {BackupError}
 */
export async function requireBackup(store: ObjectStore, word: string): Promise<Manifest> {
  if (word === '') throw new BackupError('Say which backup: `backups` lists those there are.')
  const all = await findBackups(store)
  const meant = all.filter(({ name }) => name.startsWith(word))
  const [backup] = meant
  if (!backup) throw new BackupError(`There is no backup ${word}: \`backups\` lists those there are.`)
  if (meant.length > 1) throw new BackupError(`${meant.length} backups begin with ${word}: say more of the name.`)
  if (!backup.manifest) throw new BackupError(`${backup.name} cannot be restored: ${backup.why}. Take another one.`)
  return backup.manifest
}
