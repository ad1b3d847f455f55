/** SQLSTATE classes and system errors that say "not now" rather than "never". */
const passing =
  /^(0800[0-9]|57P0[1-5]|53[13]00|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/
const sentences =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable/i

/** Whether PostgreSQL could not be reached, as against an answer that it gave: the same request may work in a second. */
export function isDatabaseOutage(error: unknown): boolean {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++) {
    if (cause instanceof AggregateError && cause.errors.some(isDatabaseOutage)) return true
    const { code, syscall } = cause as NodeJS.ErrnoException
    const isSystemError = code?.startsWith('E')
    // ENOENT of a file is a bug; of a socket, a server that is not there.
    if (code !== undefined && passing.test(code) && (!isSystemError || syscall !== 'open')) return true
    if (sentences.test(cause.message)) return true
  }
  return false
}
