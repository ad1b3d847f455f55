import { compileCrowd, runCrowd } from './chat-crowd.ts'
import { startChatHub, startChatStage } from './chat-servers.ts'
import { delay } from './clock.ts'
import { freePort } from './ports.ts'
import { atMost, type Figure, type Scenario } from './scenario.ts'

const CONNECTIONS = 5000
const PER_SECOND = 20
const GHOSTS_SECONDS = 12
const BACK_SECONDS = 15

/**
 * A crowd on two hubs for minutes. A third in, one hub is killed with SIGKILL and started again; two thirds in, Redis is stopped
 * and started. Whatever was acknowledged must have come to everybody, once and in one order.
 */
export function chatSoak(minutes: number): Scenario {
  return {
    about: `${CONNECTIONS.toLocaleString('en')} viewers on two hubs for ${minutes} min; a hub killed and Redis restarted in between`,
    async run({ say }) {
      await using stage = await startChatStage()
      compileCrowd(stage.directory)
      const ports = [await freePort(), await freePort()]
      await using left = await startChatHub(stage, ports[0])
      let right = await startChatHub(stage, ports[1])
      const seconds = minutes * 60
      let killedAt = 0
      let backAfter = Number.NaN
      let countAfter = Number.NaN
      let lowest = CONNECTIONS
      const trouble: Promise<void>[] = []
      const seen = await runCrowd({
        ...{ protocol: 'chat', targets: [left.target, right.target], secret: stage.secret, directory: stage.directory },
        ...{ connections: CONNECTIONS, perSecond: PER_SECOND, seconds },
        onReport(report) {
          const now = performance.now()
          if (killedAt === 0 && report.seconds > seconds / 3 && report.sent > 0) {
            killedAt = now
            say('a hub is killed')
            trouble.push(
              right
                .kill()
                .then(() => delay(3000))
                .then(async () => {
                  right = await startChatHub(stage, ports[1])
                }),
            )
          }
          if (killedAt > 0 && trouble.length === 1) {
            lowest = Math.min(lowest, report.joined)
            const since = (now - killedAt) / 1000
            if (lowest < CONNECTIONS && report.joined === CONNECTIONS && Number.isNaN(backAfter)) backAfter = since
            // Nobody is counted twice, nor one who is not there: neither while they come back nor afterwards.
            if (report.viewers > CONNECTIONS) countAfter = Number.NaN
            else if (Number.isNaN(countAfter) && since > 1 && report.viewers === CONNECTIONS) countAfter = since
          }
          if (trouble.length === 1 && report.seconds > (2 * seconds) / 3) {
            say('Redis is stopped and started')
            trouble.push(stage.restartRedis())
          }
        },
      })
      await Promise.all(trouble)
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
          note: `${seen.delivered.toLocaleString('en')} deliveries, ${seen.closes} connections broken, ${seen.refused} refusals and tries, p99 ${seen.p99} ms`,
        },
        {
          ...{ system: 'Ustat', what: 'everybody back after a hub was killed', value: backAfter, unit: 's' },
          goal: atMost(backAfter, BACK_SECONDS, 's'),
        },
        {
          ...{ system: 'Ustat', what: 'count right after it', value: countAfter, unit: 's' },
          goal: atMost(countAfter, GHOSTS_SECONDS, 's'),
        },
      ]
    },
  }
}
