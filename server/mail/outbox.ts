import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Message } from './mailer.ts'

const MOST_KEPT = 500
const name = /^\d{13}-[0-9a-f]{12}\.json$/

export interface WrittenMail extends Message {
  id: string
  createdAt: Date
}

/** Mails as files, newest 500, where there is no mail server: one JSON each, named by time. */
export class Outbox {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async add(message: Message, now = new Date()): Promise<void> {
    // They hold links that open accounts.
    await mkdir(this.#directory, { recursive: true, mode: 0o700 })
    const file = join(this.#directory, `${now.getTime()}-${randomBytes(6).toString('hex')}.json`)
    const content = JSON.stringify({ ...message, created_at: now.toISOString() }, null, 2)
    await writeFile(`${file}.new`, content, { mode: 0o600 })
    await rename(`${file}.new`, file)
    for (const old of (await this.#names()).slice(MOST_KEPT)) await unlink(join(this.#directory, old)).catch(() => {})
  }

  /** Newest first, with how many there are in all. */
  async read(limit: number, offset: number): Promise<[WrittenMail[], number]> {
    const names = await this.#names()
    const mails: WrittenMail[] = []
    for (const file of names.slice(offset, offset + limit)) {
      // Removed meanwhile, as one of the oldest.
      const text = await readFile(join(this.#directory, file), 'utf8').catch(() => null)
      if (text === null) continue
      const { created_at, ...message } = JSON.parse(text) as Message & { created_at: string }
      mails.push({ id: file.replace('.json', ''), ...message, createdAt: new Date(created_at) })
    }
    return [mails, names.length]
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#directory).catch(() => [])
    return names
      .filter((file) => name.test(file))
      .sort()
      .reverse()
  }
}
