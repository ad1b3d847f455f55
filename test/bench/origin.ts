import { delay } from './clock.ts'
import { CrowdProcess } from './crowd.ts'
import { publishFile, sourceFile } from './file-publisher.ts'
import type { CrowdOrder, CrowdReport } from './origin-viewers.ts'
import { cpuMeter, descendants, productKind, socketOf } from './processes.ts'
import { atMost, type BenchOptions, type Figure, type Scenario } from './scenario.ts'
import { type Stage, startStage } from './show.ts'
import { spread } from './statistics.ts'

const VIEWERS = 1000
/** Beyond the thousand, until it breaks. */
const MORE_VIEWERS = [1500, 2000, 3000, 4000]
/** 99 % of the parts within this, and nobody left behind: else it is broken. */
const BROKEN_MS = 400

interface Round {
  viewers: number
  /** Milliseconds from the first sign that a part is complete to its last byte at a viewer. */
  delay: ReturnType<typeof spread>
  /** From the moment a part's last frame was due to that first sign: grows when the origin itself is late. */
  late: ReturnType<typeof spread>
  /** Of the parts that the viewers could have had. */
  share: number
  mbitPerSecond: number
  failures: string
  cpu: string
  crowdDelayP99: number
}

export const origin: Scenario = {
  about: `${VIEWERS} viewers of 2.5 Mbit/s: blocked playlist, part, blocked playlist, …`,
  async run(options) {
    // A source of 360 lines has nothing below it: the show is its copied top alone, and the processors are the origin's.
    const file = await sourceFile({ width: 640, height: 360, videoKbps: 2500, seconds: 20 })
    await using stage = await startStage()
    await using _publisher = publishFile(file, stage.publishUrl)
    const { playbackPath } = await stage.untilLive()
    const folder = await topFolder(stage, playbackPath)
    await delay(4000)

    const figures: Figure[] = []
    for (const [system, target] of await targets(stage)) {
      options.say(`${system}: one viewer, then ${VIEWERS}, for ${options.seconds} s each`)
      const idle = await round(target, folder, 1, 5)
      const busy = await round(target, folder, VIEWERS, options.seconds)
      figures.push(...figuresOf(system, busy, idle))
      figures.push(await breakingPoint(system, target, folder, busy, options))
    }
    return figures
  },
}

/** The media process itself, and the one origin in front of it. */
async function targets(stage: Stage): Promise<[string, CrowdOrder['target']][]> {
  const media = descendants(process.pid).find(({ command }) => /media\/main\.ts/.test(command))
  const front = new URL(stage.url)
  const direct = media && socketOf(media.pid)
  return [
    ...(direct ? [['media', { path: direct }] satisfies [string, CrowdOrder['target']]] : []),
    ['through nginx', { host: front.hostname, port: Number(front.port) }],
  ]
}

export async function round(
  target: CrowdOrder['target'],
  folder: string,
  viewers: number,
  seconds: number,
): Promise<Round> {
  const rampMs = Math.max(200, viewers * 2)
  const order = { target, folder, viewers, isProbe: false, rampMs }
  await using probe = await CrowdProcess.start({ ...order, viewers: 1, isProbe: true })
  await using crowd = await CrowdProcess.start(order)
  await delay(rampMs + 2000)
  const cpu = cpuMeter(() => descendants(process.pid), productKind)
  crowd.count()
  await delay(seconds * 1000)
  const used = cpu()
  const seen = await crowd.stop()
  const announced = await probe.stop()
  return evaluate(viewers, seen, announced, used)
}

function evaluate(viewers: number, seen: CrowdReport, probe: CrowdReport, used: Map<string, number>): Round {
  const first = new Map<string, number>()
  for (const { names, announcedAt } of [seen, probe]) {
    for (const [index, name] of names.entries()) {
      first.set(name, Math.min(first.get(name) ?? Number.POSITIVE_INFINITY, announcedAt[index] ?? 0))
    }
  }
  const complete = seen.names.map((name) => first.get(name) ?? 0)
  const seconds = (seen.to - seen.from) / 1000
  // A part that came around the beginning or the end was counted of some viewers only.
  const isCounted = (part: number) => (complete[part] ?? 0) > seen.from && (complete[part] ?? 0) < seen.to - BROKEN_MS
  const receipts = Array.from(seen.parts, (part, index) => ({ part, at: seen.receivedAt[index] ?? 0 })).filter(
    ({ part }) => isCounted(part),
  )
  const counted = new Set(receipts.map(({ part }) => part))
  const late = [...counted].map((part) => (complete[part] ?? 0) - (seen.dueAt[part] ?? 0))
  return {
    viewers,
    delay: spread(receipts.map(({ part, at }) => at - (complete[part] ?? 0))),
    late: spread(late),
    share: receipts.length / (counted.size * viewers),
    mbitPerSecond: (seen.bytes * 8) / 1e6 / seconds,
    failures: Object.entries(seen.failures)
      .map(([why, count]) => `${count} × ${why}`)
      .join(', '),
    cpu: [...used, ['viewers', seen.cpuSeconds] as const]
      .filter(([, used]) => used / seconds > 0.01)
      .map(([kind, used]) => `${kind} ${Math.round((100 * used) / seconds)} %`)
      .join(', '),
    crowdDelayP99: seen.ownDelayP99,
  }
}

function figuresOf(system: string, busy: Round, idle: Round): Figure[] {
  const what = `${busy.viewers} viewers, part complete to received`
  return [
    { system, what: `${what}, p50`, value: busy.delay.p50, unit: 'ms', note: `${busy.delay.count} parts, ${busy.cpu}` },
    {
      ...{ system, what: `${what}, p99`, value: busy.delay.p99, unit: 'ms', goal: atMost(busy.delay.p99, 100, 'ms') },
      note: `max ${Math.round(busy.delay.max)} ms; the crowd’s own timers late by ${Math.round(busy.crowdDelayP99)} ms (p99)`,
    },
    {
      ...{ system, what: `${busy.viewers} viewers, part announced later than to one viewer, p50`, unit: 'ms' },
      value: busy.late.p50 - idle.late.p50,
      note: `p99 ${Math.round(busy.late.p99 - idle.late.p50)} ms; one viewer alone has its part ${idle.delay.p50.toFixed(1)} ms after its announcement`,
    },
    {
      ...{ system, what: `${busy.viewers} viewers, parts received`, value: 100 * busy.share, unit: '%' },
      note: `${Math.round(busy.mbitPerSecond)} Mbit/s${busy.failures ? `; ${busy.failures}` : ''}`,
    },
  ]
}

async function breakingPoint(
  system: string,
  target: CrowdOrder['target'],
  folder: string,
  first: Round,
  { seconds, say }: BenchOptions,
): Promise<Figure> {
  let last = first
  for (const viewers of MORE_VIEWERS) {
    if (isBroken(last)) break
    say(`${system}: ${viewers} viewers`)
    const next = await round(target, folder, viewers, Math.min(seconds, 15))
    if (isBroken(next)) {
      return {
        ...{ system, what: 'viewers it holds', value: last.viewers, unit: '' },
        note: `at ${viewers}: p99 ${Math.round(next.delay.p99)} ms, ${Math.round(100 * next.share)} % of the parts, ${next.cpu}${next.failures ? `; ${next.failures}` : ''}; before: p99 ${Math.round(last.delay.p99)} ms, ${last.cpu}`,
      }
    }
    last = next
  }
  return {
    ...{ system, what: 'viewers it holds', value: isBroken(last) ? 0 : last.viewers, unit: '' },
    note: `p99 ${Math.round(last.delay.p99)} ms, ${Math.round(100 * last.share)} % of the parts, ${last.cpu}`,
  }
}

function isBroken({ delay: { p99 }, share, failures }: Round): boolean {
  return p99 > BROKEN_MS || share < 0.98 || failures !== ''
}

/** Path of the highest rendition's folder, as the multivariant playlist names it. */
async function topFolder(stage: Stage, playbackPath: string): Promise<string> {
  const playlist = await (await fetch(`${stage.url}${playbackPath}`)).text()
  const uri = playlist.split('\n').find((line) => line.endsWith('.m3u8') && !line.startsWith('#'))
  if (!uri) throw new Error(`no rendition in ${playlist}`)
  return new URL(uri, `${stage.url}${playbackPath}`).pathname.replace(/[^/]+$/, '')
}
