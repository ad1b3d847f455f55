import { DetailedError, type HttpResponse, Upload } from 'tus-js-client'
import { ApiError, csrfHeaders } from '../api.ts'
import { currentLocale } from '../locale.ts'
import { UploadRate } from './upload-rate.ts'

export type UploadState = 'waiting' | 'sending' | 'paused' | 'failed' | 'done'

const ENDPOINT = '/api/uploads'
/** A session is renewed by requests, and a line of this size is not idle longer than any proxy waits. */
const CHUNK_BYTES = 32 * 1024 * 1024
/** A server that is started anew, a train in a tunnel: an hour of attempts, then the person is asked. */
const RETRY_DELAYS_MS = [500, 1000, 2000, 5000, ...Array.from({ length: 240 }, () => 15_000)]

/**
 * One file on its way to the server by tus, which goes on after a broken line, a restarted server and, when the same file
 * is chosen again, a reloaded page.
 */
export class VideoUpload {
  readonly file: File
  state: UploadState = 'waiting'
  sentBytes = 0
  /** The server is away, and asked again. */
  isStalled = false
  error: ApiError | null = null
  /** Id of the video that it becomes; null before the server knows of it. */
  video: string | null = null
  readonly #rate = new UploadRate()
  readonly #onChange: () => void
  #tus: Promise<Upload> | null = null
  #isTokenStale = false
  #isOver = false

  constructor(file: File, onChange: () => void) {
    this.file = file
    this.#onChange = onChange
  }

  /** Bytes; null while it is not known. */
  get bytesPerSecond(): number | null {
    return this.state === 'sending' && !this.isStalled ? this.#rate.bytesPerSecond : null
  }

  async start(): Promise<void> {
    this.#become('sending')
    this.#rate.restart()
    this.#tus ??= this.#prepare()
    const tus = await this.#tus
    if (this.state === 'sending') tus.start()
  }

  async pause(): Promise<void> {
    this.#become('paused')
    this.isStalled = false
    await (await this.#tus)?.abort()
  }

  /** Nothing of it is sent or remembered any more; its video is deleted by whoever calls. */
  async forget(): Promise<void> {
    this.#isOver = true
    const tus = await this.#tus
    await tus?.abort()
    for (const { urlStorageKey } of (await tus?.findPreviousUploads().catch(() => [])) ?? []) {
      localStorage.removeItem(urlStorageKey)
    }
  }

  async #prepare(): Promise<Upload> {
    const { file } = this
    const tus = new Upload(file, {
      endpoint: ENDPOINT,
      chunkSize: CHUNK_BYTES,
      retryDelays: RETRY_DELAYS_MS,
      removeFingerprintOnSuccess: true,
      metadata: { filename: file.name, filetype: file.type },
      headers: { Accept: 'application/json', 'Accept-Language': currentLocale() },
      onBeforeRequest: async (request) => {
        const headers = await csrfHeaders({ isStale: this.#isTokenStale })
        this.#isTokenStale = false
        for (const [name, value] of Object.entries(headers)) request.setHeader(name, value)
      },
      onAfterResponse: (_request, response) => {
        this.isStalled = false
        if (this.video === null && tus.url) this.#learnId(tus.url)
        if (response.getStatus() === 403) this.#isTokenStale = true
      },
      onUploadUrlAvailable: () => this.#learnId(tus.url),
      onShouldRetry: (error) => this.#isWorthRetrying(error),
      onProgress: (bytes) => {
        this.sentBytes = bytes
        this.isStalled = false
        this.#rate.take(bytes, performance.now())
        this.#onChange()
      },
      onSuccess: () => {
        this.sentBytes = file.size
        this.#become('done')
      },
      onError: (error) => {
        if (this.#isOver) return
        this.error = asApiError(error)
        this.#become('failed')
      },
    })
    // What was begun before the page was left; of several the newest.
    const earlier = (await tus.findPreviousUploads().catch(() => [])).sort((a, b) =>
      b.creationTime.localeCompare(a.creationTime),
    )
    if (earlier[0]) tus.resumeFromPreviousUpload(earlier[0])
    return tus
  }

  #learnId(url: string | null): void {
    this.video = /([0-9a-f]{24})\/?$/.exec(url ?? '')?.[1] ?? this.video
    this.#onChange()
  }

  #isWorthRetrying(error: Error | DetailedError): boolean {
    const status = (error instanceof DetailedError && error.originalResponse?.getStatus()) || 0
    const isRefused = status >= 400 && status < 500 && ![409, 423, 429].includes(status) && !this.#isTokenStale
    if (isRefused || this.state !== 'sending') return false
    this.isStalled = true
    this.#rate.restart()
    this.#onChange()
    return true
  }

  #become(state: UploadState): void {
    this.state = state
    if (state === 'sending') this.error = null
    this.#onChange()
  }
}

function asApiError(error: Error | DetailedError): ApiError {
  const response: HttpResponse | null = error instanceof DetailedError ? error.originalResponse : null
  if (!response?.getStatus()) return new ApiError('', 0, 'network')
  const { detail, code } = parsed(response.getBody())
  return new ApiError(detail ?? '', response.getStatus(), code ?? 'unknown')
}

function parsed(body: string): { detail?: string; code?: string } {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
