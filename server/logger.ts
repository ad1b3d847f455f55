import pino, { type DestinationStream, type Logger } from 'pino'
import { logOutput } from '../config/log-output.ts'

export type { Logger }

const secretFields = ['password', 'stream_key', 'streamKey', 'refresh', 'access', 'token', 'authorization', 'cookie']

/** One named logger per feature. What could be a secret is cut out even if a caller slips. */
export function createLogger(name: string, level: string, destination: DestinationStream = logOutput): Logger {
  return pino(
    {
      name,
      level,
      base: undefined,
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), remove: true },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  )
}

/**
 * A path without its signed token: whoever reads a log can watch nothing. Nor with what looks like a stream key, which
 * somebody may have pasted into the address.
 */
export function maskPath(path: string): string {
  return path.replace(/^(\/vod\/|\/vod-place\/|\/live\/[^/]+\/)[^/]+/, '$1-').replace(/\/[\w-]{32}(?=\/|$)/g, '/-')
}
