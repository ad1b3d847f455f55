import { openBrowser } from './browser.ts'
import { delay } from './clock.ts'
import { type GlassReport, watch } from './glass.ts'
import { type GlassOptions, publishGlass } from './glass-publisher.ts'
import { type Namespace, openNamespace } from './network.ts'
import { startNginxRtmp } from './nginx-rtmp.ts'
import { atLeast, atMost, type BenchOptions, type Figure, type Scenario } from './scenario.ts'
import { startStage } from './show.ts'

/** Longer than a playlist's three segments, so that a player finds what it holds back. */
const JOIN_AFTER_MS = 12_000

export interface LatencyGoal {
  p50?: number
  p95: number
  /** How much more the peer is to need, by p50. */
  ratio: number
}

/** The product beside nginx-rtmp in one run, each with a viewer who joins a running show. */
export function latencyScenario(about: string, source: GlassOptions, goal: LatencyGoal): Scenario {
  return {
    about,
    async run(options) {
      const ours = await watchProduct(source, options)
      const figures = glassFigures('Ustat', ours, goal)
      if (options.isAlone) return figures
      const peer = await watchPeer(source, options)
      const ratio = peer.latency.p50 / ours.latency.p50
      return [
        ...figures,
        ...glassFigures('nginx-rtmp', peer),
        {
          system: 'nginx-rtmp : Ustat',
          what: 'glass to glass, p50, ratio',
          value: ratio,
          unit: 'times',
          goal: atLeast(ratio, goal.ratio, 'times'),
        },
      ]
    },
  }
}

/** The product behind a line that is slow and loses packets. */
export const latencyNetwork: Scenario = {
  about: 'glass to glass behind 50 ms of delay and 1 % loss',
  async run(options) {
    await using network = await openNamespace({ delayMs: 50, lossPercent: 1 })
    const seen = await watchProduct({}, options, network)
    return glassFigures('Ustat', seen, { p50: 1.15, p95: 1.35, ratio: 0 })
  },
}

/** The product's own channel page, 720p on top of its ladder of three. */
async function watchProduct(
  source: GlassOptions,
  { seconds, say }: BenchOptions,
  network?: Namespace,
): Promise<GlassReport> {
  say(`Ustat: ${seconds} s`)
  // Empty: every address, so that the other network's is among them.
  await using stage = await startStage(network ? { HOST: '', ALLOWED_HOSTS: `127.0.0.1,${network.hostAddress}` } : {})
  await using publisher = publishGlass(stage.publishUrl, source)
  await using browser = await openBrowser(network?.browserPath)
  await stage.untilLive()
  await delay(JOIN_AFTER_MS)
  const page = new URL(stage.pageUrl)
  if (network) page.hostname = network.hostAddress
  const seen = await watch(browser, page.href, { seconds })
  await publisher.stop()
  return seen
}

/** nginx-rtmp in a plain page, the source neither scaled nor encoded again. */
export async function watchPeer(source: GlassOptions, { seconds, say }: BenchOptions): Promise<GlassReport> {
  say(`nginx-rtmp: ${seconds} s`)
  await using peer = await startNginxRtmp()
  await using _publisher = publishGlass(peer.publishUrl, source)
  await using browser = await openBrowser()
  // A viewer joins a running show. One who waited for its first fragment would be nearer, having nothing to hold back.
  await delay(JOIN_AFTER_MS)
  return await watch(browser, peer.pageUrl, { seconds })
}

export function glassFigures(system: string, report: GlassReport, goal?: LatencyGoal): Figure[] {
  const { latency, ahead, frames, missed, unread, stalls, longestGap, heights } = report
  const [p50, p95] = [latency.p50 / 1000, latency.p95 / 1000]
  return [
    {
      ...{ system, what: 'glass to glass, p50', value: p50, unit: 's' },
      goal: goal?.p50 === undefined ? undefined : atMost(p50, goal.p50, 's'),
      note: `${frames} frames at ${heights.join(', ')}p`,
    },
    {
      ...{ system, what: 'glass to glass, p95', value: p95, unit: 's' },
      goal: goal && atMost(p95, goal.p95, 's'),
      note: `max ${(latency.max / 1000).toFixed(2)} s`,
    },
    { system, what: 'of it in the player’s buffer, p50', value: ahead.p50 / 1000, unit: 's' },
    {
      ...{ system, what: 'stalls', value: stalls, unit: '' },
      goal: goal && { text: 'none', isMet: stalls === 0 },
      note: `longest pause ${Math.round(longestGap)} ms`,
    },
    { system, what: 'frames not shown', value: missed, unit: '', note: `${unread} shown, not readable` },
  ]
}
