import { compileCrowd, runCrowd } from './chat-crowd.ts'
import { startChatHub, startChatStage, startFront } from './chat-servers.ts'
import { Watch } from './chat-soak.ts'
import { atMost, type Scenario } from './scenario.ts'

const CROWD = 10_000
const MOST_KILOBYTES = 30

/**
 * Two hubs behind nginx, one of which is killed and stays away: everybody is on the other one soon, and has missed nothing.
 * Both hubs have one core for the two of them.
 */
export const chatReturn: Scenario = {
  about: '10,000 viewers on two hubs, one of which is killed',
  async run({ say }) {
    await using stage = await startChatStage()
    compileCrowd(stage.directory)
    await using left = await startChatHub(stage)
    await using right = await startChatHub(stage)
    await using front = await startFront(stage, [left, right])
    const watch = new Watch(CROWD)
    let isKilled = false
    const seen = await runCrowd({
      ...{ protocol: 'chat', targets: [front.target], secret: stage.secret, directory: stage.directory },
      ...{ connections: CROWD, perSecond: 2, seconds: 40 },
      onReport(report) {
        watch.take(report)
        if (isKilled || report.sent === 0 || report.seconds < 5) return
        isKilled = true
        say('a hub is killed')
        watch.begin()
        void right.kill()
      },
    })
    const wrong = seen.lost + seen.doubled + seen.reordered
    const [all, away] = [seen.dials, seen.turnedAway].map((count) => count.toLocaleString('en'))
    say(`  ${all} attempts to connect, ${away} turned away`)
    return [
      ...watch.figures(),
      {
        ...{ system: 'Ustat', what: 'lost, doubled or reordered', value: wrong, unit: '' },
        goal: atMost(wrong, 0, ''),
      },
    ]
  },
}

/** What a connection takes from end to end: in nginx and in the hub. */
export const chatMemory: Scenario = {
  about: 'the memory of 10,000 connections of the chat, in nginx and hub',
  async run() {
    await using stage = await startChatStage()
    compileCrowd(stage.directory)
    await using hub = await startChatHub(stage)
    await using front = await startFront(stage, [hub])
    const bytes = () => hub.memoryBytes() + front.memoryBytes()
    const before = bytes()
    let [most, there] = [0, 0]
    const enough = new AbortController()
    await runCrowd({
      ...{ protocol: 'chat', targets: [front.target], secret: stage.secret, directory: stage.directory },
      ...{ connections: CROWD, perSecond: 1, seconds: 60, signal: enough.signal },
      onReport({ joined }) {
        if (joined >= there) most = Math.max(most, bytes())
        if (joined > 0.99 * CROWD && joined === there) enough.abort()
        there = joined
      },
    }).catch(() => null)
    const each = (most - before) / there / 1024
    return [
      {
        ...{ system: 'Ustat', what: 'memory of a connection, nginx and hub', value: each, unit: 'KB' },
        ...{ goal: atMost(each, MOST_KILOBYTES, 'KB'), note: `${there.toLocaleString('en')} connections` },
      },
    ]
  },
}
