import { isUtf8 } from 'node:buffer'
import { type BigIntStats, lstatSync } from 'node:fs'
import { readdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { problemOfPath } from './library-path.ts'

export interface LocalFile {
  /** Within the library. */
  path: string
  /** On this machine. */
  file: string
  sizeBytes: number
  stamp: string
}

/** Something that is not sent, and why. */
export interface Trouble {
  path: string
  why: string
}

export interface Walk {
  files: LocalFile[]
  /** Links, sockets and the like: never meant to be sent. */
  skipped: Trouble[]
  /** What could not be read or has no name that can be kept. */
  failed: Trouble[]
}

/** Where a download keeps what is not whole yet. */
export const UNFINISHED = '.ustat-unfinished'

/** Every file below a folder, in order. Links are not followed: they may lead out of the folder or in a circle. */
export async function walkFolder(folder: string, prefix: string): Promise<Walk> {
  const walk: Walk = { files: [], skipped: [], failed: [] }
  await visit(await realpath(folder), prefix, walk)
  return walk
}

/** The same again means that the file has not been touched: a write changes the times, a replacement the inode. */
export function stampOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(':')
}

/** In words, of an error of the file system. */
export function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read'
  if (code === 'ENOENT') return 'it is gone'
  if (code === 'ELOOP') return 'it is a symbolic link'
  return `it cannot be read (${code || String(error)})`
}

async function visit(folder: string, prefix: string, walk: Walk): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' }).catch((error: unknown) => {
    walk.failed.push({ path: prefix || '/', why: reasonOf(error) })
    return []
  })
  entries.sort((a, b) => Buffer.compare(a.name, b.name))
  const folders: string[] = []
  const names: string[] = []
  for (const entry of entries) {
    const name = entry.name.toString('utf8')
    const path = prefix + name
    if (name === UNFINISHED) continue
    const why = isUtf8(entry.name) ? problemOfPath(path) : 'its name is not valid Unicode'
    if (why) walk.failed.push({ path, why })
    else if (entry.isDirectory()) folders.push(name)
    else if (entry.isFile()) names.push(name)
    else walk.skipped.push({ path, why: entry.isSymbolicLink() ? 'it is a symbolic link' : 'it is no ordinary file' })
  }
  for (const name of names) examine(join(folder, name), prefix + name, walk)
  for (const name of folders) await visit(join(folder, name), `${prefix}${name}/`, walk)
}

/** In this thread: a look at an inode takes a tenth of the trip to another one. */
function examine(file: string, path: string, walk: Walk): void {
  try {
    const stats = lstatSync(file, { bigint: true })
    walk.files.push({ path, file, sizeBytes: Number(stats.size), stamp: stampOf(stats) })
  } catch (error) {
    walk.failed.push({ path, why: reasonOf(error) })
  }
}
