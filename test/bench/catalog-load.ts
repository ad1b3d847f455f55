import autocannon from 'autocannon'
import { type spread, spread as spreadOf } from './statistics.ts'

export interface Load {
  perSecond: number
  /** Answers that were not 200, and requests without any. */
  failures: number
}

/** As many requests of these paths as are answered, each connection beginning elsewhere in them. */
export async function load(
  origin: string,
  paths: readonly string[],
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Load> {
  let started = 0
  const result = await autocannon({
    url: origin,
    connections,
    duration: seconds,
    timeout: 30,
    setupClient: (client) => {
      const from = Math.floor((started++ * paths.length) / connections)
      client.setRequests([...paths.slice(from), ...paths.slice(0, from)].map((path) => ({ path })))
    },
  })
  return {
    perSecond: result.requests.total === 0 ? 0 : result['2xx'] / result.duration,
    failures: result.non2xx + result.errors,
  }
}

/** Milliseconds of each path asked once, one after another. */
export async function oneByOne(origin: string, paths: readonly string[]): Promise<ReturnType<typeof spread>> {
  const times: number[] = []
  for (const path of paths) {
    const from = performance.now()
    const answer = await fetch(origin + path)
    await answer.arrayBuffer()
    if (!answer.ok) throw new Error(`${answer.status} for ${path}`)
    times.push(performance.now() - from)
  }
  return spreadOf(times)
}
