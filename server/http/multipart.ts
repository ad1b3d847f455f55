import { DomainError } from '../errors.ts'

/** One part of a `multipart/form-data` body. Its bytes are there until the next part is asked for. */
export interface Part {
  name: string
  /** Null of a field that is no file. */
  fileName: string | null
  body: AsyncIterable<Uint8Array>
}

const MOST_PARTS = 50
const LONGEST_HEADERS = 8192
const LINE = Buffer.from('\r\n')
const BLANK = Buffer.from('\r\n\r\n')

/** Of a content type; null when it has none that RFC 2046 allows. */
export function boundaryOf(contentType: string): string | null {
  const [, quoted, bare] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;,"]{1,70})(?![^\s;,"]))/i.exec(contentType) ?? []
  return quoted ?? bare ?? null
}

/**
 * Reads a form as it comes, part by part, and keeps none of it: what is held at a time is one chunk and a boundary.
 * A body that ends before its last boundary is refused, so half an upload never counts as a whole one.
 *
 * @throws {DomainError} `malformed_form`
 */
export async function* readParts(source: AsyncIterable<Uint8Array>, boundary: string): AsyncGenerator<Part> {
  const input = new Input(source)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  await drain(input.until(delimiter))
  for (let parts = 0; ; parts += 1) {
    const mark = await input.take(2)
    if (mark.toString('latin1') === '--') return
    if (!mark.equals(LINE) || parts >= MOST_PARTS) throw new DomainError('malformed_form')
    const headers = await input.head(BLANK, LONGEST_HEADERS)
    const body = input.until(delimiter)
    yield { ...describe(headers.toString('utf8')), body }
    await drain(body)
  }
}

class Input {
  readonly #chunks: AsyncIterator<Uint8Array>
  /** The first boundary stands at the very beginning, without the line break that others have before them. */
  #held: Buffer = Buffer.from('\r\n')

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  /** What comes before the delimiter, which is consumed. */
  async *until(delimiter: Buffer): AsyncGenerator<Uint8Array> {
    for (;;) {
      const at = this.#held.indexOf(delimiter)
      if (at >= 0) {
        const before = this.#held.subarray(0, at)
        this.#held = this.#held.subarray(at + delimiter.length)
        if (before.length > 0) yield before
        return
      }
      // The delimiter may have begun in what is held and end in what comes.
      const certain = this.#held.length - delimiter.length + 1
      if (certain > 0) {
        const before = this.#held.subarray(0, certain)
        this.#held = this.#held.subarray(certain)
        yield before
      }
      await this.#more()
    }
  }

  async take(length: number): Promise<Buffer> {
    while (this.#held.length < length) await this.#more()
    const taken = this.#held.subarray(0, length)
    this.#held = this.#held.subarray(length)
    return taken
  }

  async head(end: Buffer, longest: number): Promise<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(end)
      if (at >= 0) return (await this.take(at + end.length)).subarray(0, at)
      if (this.#held.length > longest) throw new DomainError('malformed_form')
      await this.#more()
    }
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#chunks.next()
    if (done) throw new DomainError('malformed_form')
    this.#held = this.#held.length === 0 ? Buffer.from(value) : Buffer.concat([this.#held, value])
  }
}

function describe(headers: string): { name: string; fileName: string | null } {
  const disposition = /^content-disposition:\s*form-data(.*)$/im.exec(headers)?.[1]
  const name = disposition && /;\s*name="([^"]*)"/i.exec(disposition)?.[1]
  if (!name) throw new DomainError('malformed_form')
  const fileName = /;\s*filename="((?:[^"\\]|\\.)*)"/i.exec(disposition)?.[1]
  return { name, fileName: fileName === undefined ? null : plain(fileName) }
}

/** Browsers write a quotation mark as `%22`, other clients as `\"`. Of a path the last part is the name. */
function plain(fileName: string): string {
  return (
    fileName
      .replace(/\\(["\\])/g, '$1')
      .replaceAll('%22', '"')
      .replace(/^.*[\\/]/s, '')
      .replace(/\p{C}/gu, '')
      .trim()
      .slice(0, 200) || 'file'
  )
}

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}
