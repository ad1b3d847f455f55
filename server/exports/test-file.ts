import { Readable } from 'node:stream'
import type { ObjectStore } from '../../media/storage/object-store.ts'

/** Long enough to see a download's progress, and to break one off. */
export const TEST_FILE_BYTES = 5_000_000

const piece = Buffer.from(Array.from({ length: 251 * 256 }, (_, at) => at % 251))

/** A known file that is served as exports are: byte n is n modulo 251. A download that differs was changed on its way. */
export const testFile: Pick<ObjectStore, 'get'> = {
  async get(_key, range) {
    const { start = 0, end = TEST_FILE_BYTES - 1 } = range ?? {}
    function* bytes(): Generator<Buffer> {
      for (let at = start; at <= end; ) {
        const from = at % piece.length
        const chunk = piece.subarray(from, Math.min(piece.length, from + end - at + 1))
        yield chunk
        at += chunk.length
      }
    }
    return { body: Readable.from(bytes()), size: end - start + 1, contentType: null }
  },
}
