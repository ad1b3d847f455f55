import { readFileSync, statSync } from 'node:fs'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { Logger } from '../logger.ts'

export interface TlsFiles {
  certFile: string
  keyFile: string
}

/** Files are looked at again when a connection comes this long after the last look. */
const LOOK_AGAIN_MS = 60_000

/**
 * The certificate of RTMPS, renewed without a restart: a changed file is read when the next connection comes. A file
 * that cannot be used then (half written, say) leaves the old one in place.
 */
export class TlsContext {
  readonly #files: TlsFiles
  readonly #logger: Logger
  #context: SecureContext
  #changedAtMs: number
  #lookedAtMs: number

  /** @throws when the files cannot be read or do not fit together */
  constructor(files: TlsFiles, logger: Logger, nowMs = Date.now()) {
    this.#files = files
    this.#logger = logger
    this.#changedAtMs = this.#changeTime()
    this.#context = this.#read()
    this.#lookedAtMs = nowMs
  }

  current(nowMs = Date.now()): SecureContext {
    if (nowMs - this.#lookedAtMs < LOOK_AGAIN_MS) return this.#context
    this.#lookedAtMs = nowMs
    try {
      const changedAtMs = this.#changeTime()
      if (changedAtMs !== this.#changedAtMs) {
        this.#context = this.#read()
        this.#changedAtMs = changedAtMs
        this.#logger.info('the certificate was read again')
      }
    } catch (error) {
      this.#logger.warn({ error }, 'the new certificate cannot be used; the old one stays')
    }
    return this.#context
  }

  #changeTime(): number {
    return Math.max(statSync(this.#files.certFile).mtimeMs, statSync(this.#files.keyFile).mtimeMs)
  }

  #read(): SecureContext {
    return createSecureContext({
      cert: readFileSync(this.#files.certFile),
      key: readFileSync(this.#files.keyFile),
      minVersion: 'TLSv1.2',
    })
  }
}
