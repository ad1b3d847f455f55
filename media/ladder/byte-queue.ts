/** Bytes from one writer to one reader, without a limit: the writer must never wait. */
export class ByteQueue implements AsyncIterable<Uint8Array> {
  #chunks: Uint8Array[] = []
  #length = 0
  #hasEnded = false
  #wake: (() => void) | null = null

  /** Bytes that were not read yet. */
  get length(): number {
    return this.#length
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    this.#wake?.()
  }

  /** What was pushed is still read. */
  end(): void {
    this.#hasEnded = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (true) {
      const chunks = this.#chunks
      this.#chunks = []
      for (const chunk of chunks) {
        this.#length -= chunk.length
        yield chunk
      }
      if (this.#chunks.length > 0) continue
      if (this.#hasEnded) return
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
  }
}
