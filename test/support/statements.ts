import pg from 'pg'
import { vi } from 'vitest'

/** Counts what this process asks of PostgreSQL, by whatever way, but for the beginnings and ends of transactions. */
export function watchStatements(): { take(): number } & Disposable {
  const query = vi.spyOn(pg.Client.prototype, 'query')
  return {
    /** Since the last time. */
    take() {
      const texts = query.mock.calls.map(([asked]: unknown[]) =>
        typeof asked === 'string' ? asked : String((asked as { text?: string })?.text),
      )
      query.mockClear()
      return texts.filter((text) => !/^(begin|start transaction|commit|rollback)/i.test(text)).length
    },
    [Symbol.dispose]: () => query.mockRestore(),
  }
}
