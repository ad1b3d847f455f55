import { parentPort } from 'node:worker_threads'
import { hashLarge } from './read-file.ts'

/** A thread of hash-threads.ts: hashes the files that it is told of, one after another. */
parentPort?.on('message', ({ id, file }: { id: number; file: string }) => {
  try {
    parentPort?.postMessage({ id, content: hashLarge(file) })
  } catch (error) {
    const { message, code } = error as NodeJS.ErrnoException
    parentPort?.postMessage({ id, error: { message, code } })
  }
})
