import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { ReadFile } from './read-file.ts'

const MOST_THREADS = 4

interface Answer {
  id: number
  content?: ReadFile | null
  error?: { message: string; code?: string }
}

/** Hashes large files beside the thread that sends. The threads start when they are needed. */
export class HashThreads implements AsyncDisposable {
  readonly #workers: Worker[] = []
  readonly #waiting = new Map<number, PromiseWithResolvers<ReadFile | null>>()
  #asked = 0

  /**
   * @returns null when the file changed while it was read, or is no ordinary file any more
   * @throws an error of the file system
   */
  hash(file: string): Promise<ReadFile | null> {
    const id = this.#asked++
    const answer = Promise.withResolvers<ReadFile | null>()
    this.#waiting.set(id, answer)
    this.#workerFor(id).postMessage({ id, file })
    return answer.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
    for (const { reject } of this.#waiting.values()) reject(new Error('nobody waits for the hash any more'))
  }

  #workerFor(id: number): Worker {
    const index = id % Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1))
    const known = this.#workers[index]
    if (known) return known
    const worker = new Worker(new URL('./hash-thread.ts', import.meta.url))
    worker.on('message', (answer: Answer) => this.#hear(answer))
    worker.on('error', (error) => {
      for (const { reject } of this.#waiting.values()) reject(error)
      this.#waiting.clear()
    })
    this.#workers[index] = worker
    return worker
  }

  #hear({ id, content, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(Object.assign(new Error(error.message), { code: error.code }))
    else waiting?.resolve(content ?? null)
  }
}
