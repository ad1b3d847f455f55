import { createHash } from 'node:crypto'
import { type Readable, Transform, type TransformCallback, type Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { type ObjectStore, ObjectStoreError } from '../../media/storage/object-store.ts'
import { BackupError } from './backup-error.ts'
import { FOLDER, type Piece } from './manifest.ts'

/** Half the work of the usual one for a tenth more bytes: shows that are on the air need the processor too. */
const LEVEL = 3

/** Counts and hashes what passes. */
class Tally extends Transform {
  bytes = 0
  readonly #hash = createHash('sha256')
  readonly #onBytes: ((more: number) => void) | undefined

  constructor(onBytes?: (more: number) => void) {
    super()
    this.#onBytes = onBytes
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.bytes += chunk.length
    this.#hash.update(chunk)
    this.#onBytes?.(chunk.length)
    done(null, chunk)
  }

  /** Once. */
  sha256(): string {
    return this.#hash.digest('hex')
  }
}

export interface PieceOptions {
  /** Bytes more: of the source when one is written, of the object when one is read. */
  onBytes?: ((more: number) => void) | undefined
  signal?: AbortSignal | undefined
}

/**
 * Gzips a stream into an object; a few buffers of it are in memory, however long it is.
 *
 * @throws whichever broke first: the source, or the store
 */
export async function writePiece(
  store: ObjectStore,
  backup: string,
  file: string,
  source: Readable,
  { onBytes, signal }: PieceOptions = {},
): Promise<Piece> {
  const failing = new AbortController()
  const stop = signal ? AbortSignal.any([signal, failing.signal]) : failing.signal
  const stored = new Tally()
  const failures: unknown[] = []
  const note = (error: unknown) => {
    failures.push(error)
    failing.abort(error)
  }
  await Promise.all([
    pipeline(source, new Tally(onBytes), createGzip({ level: LEVEL }), stored, { signal: stop }).catch(note),
    store.put(`${FOLDER}${backup}/${file}`, stored, { contentType: 'application/gzip', signal: stop }).catch(note),
  ])
  if (failures.length > 0) throw failures[0]
  return { file, bytes: stored.bytes, sha256: stored.sha256() }
}

/**
 * Reads a piece as it was before gzip, into `sink`; without one only checks it.
 *
 * @throws {BackupError} when it is not what the manifest says. The sink has had some or all of it then.
 * @throws {ObjectStoreError} when the store is away
 */
export async function readPiece(
  store: ObjectStore,
  backup: string,
  piece: Piece,
  sink: Writable | null,
  { onBytes, signal }: PieceOptions = {},
): Promise<void> {
  const { body } = await store.get(`${FOLDER}${backup}/${piece.file}`).catch((error: unknown) => {
    if (error instanceof ObjectStoreError && error.code === 'not_found') throw damaged(piece, 'is missing')
    throw error
  })
  const tally = new Tally(onBytes)
  const options = signal ? { signal } : {}
  if (sink) await pipeline(body, tally, createGunzip(), sink, options)
  else await pipeline(body, tally.resume(), options)
  if (tally.bytes !== piece.bytes) throw damaged(piece, `has ${tally.bytes} bytes instead of ${piece.bytes}`)
  if (tally.sha256() !== piece.sha256) throw damaged(piece, 'has another SHA-256 than when it was made')
}

function damaged({ file }: Piece, how: string): BackupError {
  return new BackupError(`The backup is damaged: ${file} ${how}. Nothing was changed; take another one.`)
}
