import pino, { type Logger } from 'pino'
import { logOutput } from '../config/log-output.ts'

export type { Logger }

/** One named logger per feature. Values that could hold a stream key are cut out even if a caller slips. */
export function createLogger(name: string, level: string): Logger {
  return pino(
    {
      name,
      level,
      base: undefined,
      redact: { paths: ['streamKey', '*.streamKey', 'stream_key', '*.stream_key'], remove: true },
      serializers: { error: pino.stdSerializers.err },
    },
    logOutput,
  )
}
