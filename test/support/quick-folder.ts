import { accessSync, constants, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const MEMORY = '/dev/shm'
/** What a run fills of it is a quarter of this. A container has 64 MB there unless it is given more. */
const ROOM_BYTES = 4e9

/**
 * Where a PostgreSQL of a test keeps its files: in memory when there is room. A database is 400 files, and each server of a
 * test has one of its own: on a disk to make them takes longer than many a test.
 */
export function quickFolder(): string {
  try {
    accessSync(MEMORY, constants.W_OK)
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize > ROOM_BYTES ? MEMORY : tmpdir()
  } catch {
    return tmpdir()
  }
}
