import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { BackupError } from './backup-error.ts'

/**
 * A backup is a folder of the store:
 *
 *   backups/20261121T013700.123Z-<random>/users.copy.gz      a table, as COPY's text, gzipped
 *                                         …
 *                                         media.jsonl.gz     key and size of every object of the store
 *                                         manifest.json      written last: without one the backup is unfinished
 *
 * Its name cannot be guessed, so that a bucket somebody opened to the world by mistake still does not give it away.
 */
export const FOLDER = 'backups/'
export const MANIFEST = 'manifest.json'
export const MEDIA = 'media.jsonl.gz'

const FORMAT = 1
const name = /^\d{8}T\d{6}\.\d{3}Z-[0-9a-f]{24}$/

const count = z.number().int().min(0)
const piece = z.strictObject({
  file: z.string().regex(/^[a-z0-9_]+(?:\.[a-z0-9_]+)*\.gz$/),
  /** As stored. */
  bytes: count,
  /** Of what is stored, in hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
})
const identifier = z.string().min(1).max(63)

const manifest = z.strictObject({
  format: z.literal(FORMAT),
  name: z.string().regex(name),
  /** When the snapshot was taken. */
  started_at: z.iso.datetime(),
  seconds: z.number().min(0),
  /** The newest that each database had. */
  migrations: z.strictObject({ main: z.string().min(1), statistics: z.string().min(1) }),
  tables: z.array(
    piece.extend({
      database: z.enum(['main', 'statistics']),
      schema: identifier,
      table: identifier,
      columns: z.array(identifier).min(1),
      rows: count,
    }),
  ),
  sequences: z.array(
    z.strictObject({
      database: z.enum(['main', 'statistics']),
      schema: identifier,
      sequence: identifier,
      /** Too long for a number. */
      last_value: z.string().regex(/^-?\d+$/),
      is_called: z.boolean(),
    }),
  ),
  media: piece.extend({ objects: count, total_bytes: count }),
})

export type Manifest = z.infer<typeof manifest>
export type Piece = z.infer<typeof piece>
export type TablePiece = Manifest['tables'][number]
export type Sequence = Manifest['sequences'][number]
export type DatabaseKind = TablePiece['database']

export function isBackupName(text: string): boolean {
  return name.test(text)
}

/** Names sort as their moments do. */
export function newBackupName(now: Date): string {
  return `${now.toISOString().replaceAll(/[-:]/g, '')}-${randomBytes(12).toString('hex')}`
}

/** When the backup of this name was begun. */
export function momentOf(name: string): Date {
  return new Date(name.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)([\d.]+)Z.*$/, '$1-$2-$3T$4:$5:$6Z'))
}

/** With its own SHA-256 in the first line, so that one that was edited or cut is not believed. */
export function sealManifest(value: Manifest): string {
  const text = JSON.stringify(manifest.parse(value), null, 1)
  return `${sha256(text)}\n${text}\n`
}

/** @throws {BackupError} */
export function openManifest(text: string): Manifest {
  const [seal = '', ...lines] = text.split('\n')
  const content = lines.slice(0, -1).join('\n')
  if (seal !== sha256(content)) throw new BackupError('its manifest is cut or changed')
  const { format } = JSON.parse(content) as { format?: unknown }
  if (format !== FORMAT) throw new BackupError('a newer version made it: restore it with that one')
  return manifest.parse(JSON.parse(content))
}

export function bytesOf({ tables, media }: Manifest): number {
  return tables.reduce((total, { bytes }) => total + bytes, media.bytes)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
