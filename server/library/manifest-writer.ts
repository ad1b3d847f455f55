import type { Manifest, StoredFile } from './manifest.ts'
import type { Trouble } from './walk-folder.ts'

const ROWS = 200
const AGE_MS = 300

/**
 * Writes rows down in batches: one transaction a file would cost more than sending a small one. A kill loses a batch,
 * which costs the next run a look at the store's list and nothing else. Disposing it writes the rest.
 */
export class ManifestWriter implements AsyncDisposable {
  readonly #manifest: Manifest
  #stored: StoredFile[] = []
  #failed: Trouble[] = []
  #writtenAt = Date.now()
  #writing: Promise<void> = Promise.resolve()

  constructor(manifest: Manifest) {
    this.#manifest = manifest
  }

  async keep(file: StoredFile): Promise<void> {
    this.#stored.push(file)
    await this.#flushWhenDue()
  }

  async fail(trouble: Trouble): Promise<void> {
    this.#failed.push(trouble)
    await this.#flushWhenDue()
  }

  /** Resolves when everything so far is in the database. */
  async flush(): Promise<void> {
    this.#writtenAt = Date.now()
    const [stored, failed] = [this.#stored, this.#failed]
    this.#stored = []
    this.#failed = []
    const write = async () => {
      if (stored.length > 0) await this.#manifest.keep(stored)
      if (failed.length > 0) await this.#manifest.keepProblems(failed)
    }
    this.#writing = this.#writing.then(write)
    await this.#writing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush().catch(() => {})
  }

  async #flushWhenDue(): Promise<void> {
    const count = this.#stored.length + this.#failed.length
    if (count >= ROWS || Date.now() - this.#writtenAt > AGE_MS) await this.flush()
  }
}
