import { type CrowdReport, compileCrowd, runCrowd } from './chat-crowd.ts'
import { startChatHub, startChatStage } from './chat-servers.ts'
import { delay } from './clock.ts'
import { freePort } from './ports.ts'
import { atMost, type Figure, type Scenario } from './scenario.ts'

const STAYING = 4000
const LEAVING = 1000
const PER_SECOND = 20
const GHOSTS_SECONDS = 12
const BACK_SECONDS = 15
const DOWN_MS = 3000

/**
 * A crowd on two hubs for minutes. A third in, one hub is killed with SIGKILL, and with it a fifth of the crowd, who do not come
 * back; it is started again. Two thirds in, Redis is stopped and started. Whatever was acknowledged must have come to everybody
 * else, once and in one order.
 */
export function chatSoak(minutes: number): Scenario {
  const all = (STAYING + LEAVING).toLocaleString('en')
  return {
    about: `${all} viewers on two hubs for ${minutes} min; a hub killed and Redis restarted in between`,
    async run({ say }) {
      await using stage = await startChatStage()
      compileCrowd(stage.directory)
      const ports = [await freePort(), await freePort()]
      await using left = await startChatHub(stage, ports[0])
      let right = await startChatHub(stage, ports[1])
      const seconds = minutes * 60
      const watch = new Watch(STAYING)
      const gone = new AbortController()
      const common = { protocol: 'chat', secret: stage.secret, directory: stage.directory, seconds } as const
      const leaving = runCrowd({
        ...{ ...common, targets: [right.target], connections: LEAVING, perSecond: 0 },
        ...{ firstAccount: 100_001, signal: gone.signal },
      }).catch(() => null)
      const trouble: Promise<void>[] = []
      const seen = await runCrowd({
        ...{ ...common, targets: [left.target, right.target], connections: STAYING, perSecond: PER_SECOND },
        onReport(report) {
          watch.take(report)
          if (report.sent === 0) return
          if (trouble.length === 0 && report.seconds > seconds / 3) {
            say('a hub is killed')
            gone.abort()
            watch.begin()
            trouble.push(
              right
                .kill()
                .then(() => delay(DOWN_MS))
                .then(async () => {
                  right = await startChatHub(stage, ports[1])
                }),
            )
          }
          if (trouble.length === 1 && report.seconds > (2 * seconds) / 3) {
            say('Redis is stopped and started')
            watch.end()
            trouble.push(stage.restartRedis())
          }
        },
      })
      await Promise.all([...trouble, leaving])
      await right[Symbol.asyncDispose]()
      const zero = (what: string, value: number): Figure => ({
        ...{ system: 'Ustat', what, value, unit: '', goal: atMost(value, 0, '') },
      })
      return [
        zero('lost', seen.lost),
        zero('doubled', seen.doubled),
        zero('reordered', seen.reordered),
        {
          ...{ system: 'Ustat', what: 'messages', value: seen.counted, unit: '' },
          note: `${seen.delivered.toLocaleString('en')} deliveries, ${seen.closes} connections broken, ${seen.resets} resets, p99 ${seen.p99} ms`,
        },
        ...watch.figures(),
      ]
    },
  }
}

/** What the crowd and the room's count look like after a hub was killed. */
export class Watch {
  readonly #staying: number
  #begunAt = Number.NaN
  #endedAt = Number.NaN
  #missingUntil = 0
  #wrongUntil = 0
  #before = 0
  #least = Number.POSITIVE_INFINITY

  constructor(staying: number) {
    this.#staying = staying
  }

  begin(): void {
    this.#begunAt = performance.now()
  }

  end(): void {
    this.#endedAt = performance.now()
  }

  take({ joined, viewers }: CrowdReport): void {
    if (Number.isNaN(this.#begunAt)) this.#before = viewers
    else if (Number.isNaN(this.#endedAt)) {
      const since = (performance.now() - this.#begunAt) / 1000
      if (joined < this.#staying) this.#missingUntil = since
      if (viewers !== this.#staying) this.#wrongUntil = since
      this.#least = Math.min(this.#least, viewers)
    }
  }

  /** Rounded up to the crowd's next report, a second at most. */
  figures(): Figure[] {
    const [back, right] = [this.#missingUntil + 1, this.#wrongUntil + 1]
    return [
      {
        ...{ system: 'Ustat', what: 'all who stay are back after a hub was killed', value: back, unit: 's' },
        goal: atMost(back, BACK_SECONDS, 's'),
      },
      {
        ...{ system: 'Ustat', what: 'the viewer count is right after it', value: right, unit: 's' },
        ...{ goal: atMost(right, GHOSTS_SECONDS, 's'), note: `${this.#before} before, never under ${this.#least}` },
      },
    ]
  }
}
