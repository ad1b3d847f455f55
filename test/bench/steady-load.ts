import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { promisify } from 'node:util'
import { delay } from './clock.ts'
import { type Spread, spread } from './statistics.ts'

export interface SteadyLoad {
  /** Milliseconds from when a request was due, whether or not it could be sent then, to the last byte of its answer. */
  answered: Spread
  /** Milliseconds by which this process itself sent late: part of `answered`, and no fault of the server. */
  late: Spread
  /** Answers that were not 200, and requests without any. */
  failures: number
}

export interface Steadiness {
  connections: number
  seconds: number
  /** Requests a second. */
  rate: number
}

/**
 * `sendSteadily` in a process of its own: one that has made a million rows is late by as long as its garbage takes.
 */
export async function steadyLoad(url: string, steadiness: Steadiness): Promise<SteadyLoad> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    import.meta.filename,
    url,
    JSON.stringify(steadiness),
  ])
  return JSON.parse(stdout)
}

/**
 * One request each `1 / rate` seconds, evenly, whatever becomes of those before it: nothing is left out because the server is slow.
 * autocannon is of no use for this: it sends each second's requests in one go, as fast as they are answered, and takes the
 * interval between a connection's requests for one millisecond whatever the rate (`Math.ceil(1 / rate)` in its run.js), so that
 * it makes up for omissions that there were none of: one answer after 20 ms is counted as twenty.
 */
async function sendSteadily(url: string, { connections, seconds, rate }: Steadiness): Promise<SteadyLoad> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, scheduling: 'fifo' })
  const answered: number[] = []
  const late: number[] = []
  const open = new Set<Promise<void>>()
  let failures = 0
  const send = async (due: number) => {
    late.push(performance.now() - due)
    try {
      const [answer] = await once(get(url, { agent, timeout: 10_000 }), 'response')
      answer.resume()
      await once(answer, 'end')
      if (answer.statusCode !== 200) failures += 1
    } catch {
      failures += 1
    }
    answered.push(performance.now() - due)
  }
  const from = performance.now()
  for (let sent = 0; sent < rate * seconds; await delay(1)) {
    for (; sent < rate * seconds && from + (sent * 1000) / rate <= performance.now(); sent += 1) {
      const request = send(from + (sent * 1000) / rate).finally(() => open.delete(request))
      open.add(request)
    }
  }
  await Promise.all(open)
  agent.destroy()
  return { answered: spread(answered), late: spread(late), failures }
}

if (import.meta.main) {
  const [, , url = '', steadiness = '{}'] = process.argv
  process.stdout.write(JSON.stringify(await sendSteadily(url, JSON.parse(steadiness))))
}
