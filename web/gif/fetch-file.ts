import { ApiError } from '../api.ts'

interface FetchFileOptions {
  signal: AbortSignal
  /** Bytes that are here, of how many. */
  onProgress(bytes: number, total: number): void
  /** Before the next try, after so many in a row that brought nothing. */
  pause?: (failures: number) => Promise<void>
}

const MOST_FAILURES = 6

/**
 * Brings a file, and goes on where a line broke off: by a range, unless the file is another one by now.
 *
 * @throws {ApiError} when it is not to be had; what `signal` says when it is given up
 */
export async function fetchFile(url: string, options: FetchFileOptions): Promise<Blob> {
  const { signal, onProgress, pause = growingPause } = options
  let chunks: Uint8Array<ArrayBuffer>[] = []
  let [bytes, total, etag, type] = [0, Number.NaN, '', '']
  for (let failures = 0; ; ) {
    try {
      const answer = await fetch(url, {
        signal,
        cache: 'no-store',
        headers: bytes > 0 ? { Range: `bytes=${bytes}-`, ...(etag ? { 'If-Range': etag } : {}) } : {},
      })
      if (answer.status >= 400 && answer.status < 500) throw await refusalOf(answer)
      if (!answer.ok || !answer.body) throw new TypeError(`status ${answer.status}`)
      if (answer.status === 200) {
        chunks = []
        bytes = 0
        total = Number(answer.headers.get('content-length') ?? Number.NaN)
        etag = answer.headers.get('etag') ?? ''
        type = answer.headers.get('content-type') ?? ''
      }
      for await (const chunk of readChunks(answer.body)) {
        failures = 0
        chunks.push(chunk)
        bytes += chunk.length
        onProgress(bytes, total)
      }
      if (Number.isNaN(total) || bytes >= total) return new Blob(chunks, { type })
    } catch (error) {
      if (signal.aborted || error instanceof ApiError) throw error
    }
    failures += 1
    if (failures > MOST_FAILURES) throw new ApiError('', 0, 'network')
    await pause(failures)
    signal.throwIfAborted()
  }
}

async function* readChunks(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  // Not every browser can be asked for the chunks of a stream with `for await`.
  const reader = body.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    yield value
  }
}

async function refusalOf(answer: Response): Promise<ApiError> {
  const said = (await answer.json().catch(() => ({}))) as { detail?: string; code?: string }
  return new ApiError(said.detail ?? '', answer.status, said.code ?? 'unknown')
}

function growingPause(failures: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.min(8000, 250 * 2 ** failures)))
}
