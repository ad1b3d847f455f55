import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { AUDIO_BITRATE_BPS, ENCODED_RENDITIONS } from '../../config/ladder.ts'
import { delay } from './clock.ts'
import { publishFile, sourceFile } from './file-publisher.ts'
import { startNginxRtmp } from './nginx-rtmp.ts'
import { cpuMeter, descendants, productKind, readProcess } from './processes.ts'
import type { BenchOptions, Figure, Scenario } from './scenario.ts'
import { startStage } from './show.ts'

const WARM_UP_MS = 8000
/** Below 720p. */
const RENDITIONS = ENCODED_RENDITIONS.filter(({ height }) => height < 720)

/** Share of one processor, by kind of process. */
type Load = Map<string, number>

export const cpu: Scenario = {
  about: 'processor time of a show without viewers: passthrough, and a ladder of three',
  async run(options): Promise<Figure[]> {
    // Nothing is below 360 lines, so the show is its copied top alone.
    const plain = await sourceFile({ width: 640, height: 360, videoKbps: 2500, seconds: 20 })
    const high = await sourceFile({ width: 1280, height: 720, videoKbps: 2500, seconds: 20 })
    const figures: Figure[] = []
    for (const [what, file, isLadder] of [
      ['passthrough', plain, false],
      [`ladder of ${RENDITIONS.length + 1}`, high, true],
    ] as const) {
      options.say(`${what}: Ustat`)
      const ours = await productLoad(file, options)
      figures.push(figure('Ustat', `${what}, media and ffmpeg`, ours, ['media', 'ffmpeg']))
      figures.push(
        figure('Ustat', `${what}, everything else`, ours, ['nginx', 'api', 'worker', 'chat', 'redis', 'postgres']),
      )
      if (options.isAlone) continue
      options.say(`${what}: nginx-rtmp`)
      const theirs = await peerLoad(file, isLadder, options)
      const system = isLadder ? 'nginx-rtmp, one ffmpeg per rendition' : 'nginx-rtmp'
      figures.push(figure(system, what, theirs, [...theirs.keys()]))
    }
    return figures
  },
}

function figure(system: string, what: string, load: Load, kinds: readonly string[]): Figure {
  const own = kinds.flatMap((kind) => (load.has(kind) ? [[kind, load.get(kind) ?? 0] as const] : []))
  return {
    ...{ system, what: `CPU, ${what}`, unit: '% of a core' },
    value: 100 * own.reduce((sum, [, share]) => sum + share, 0),
    note: own.map(([kind, share]) => `${kind} ${(100 * share).toFixed(1)}`).join(', '),
  }
}

async function productLoad(file: string, { seconds }: BenchOptions): Promise<Load> {
  await using stage = await startStage()
  await using _publisher = publishFile(file, stage.publishUrl)
  await stage.untilLive()
  await delay(WARM_UP_MS)
  return await loadOver(
    seconds,
    cpuMeter(() => descendants(process.pid), productKind),
  )
}

async function peerLoad(file: string, isLadder: boolean, { seconds }: BenchOptions): Promise<Load> {
  await using peer = await startNginxRtmp()
  await using _publisher = publishFile(file, peer.publishUrl)
  await delay(1000)
  await using encoders = isLadder ? startEncoders(peer.publishUrl) : null
  await delay(WARM_UP_MS)
  const find = () => [
    ...descendants(peer.pid),
    ...[peer.pid, ...(encoders?.pids ?? [])].flatMap((pid) => readProcess(pid) ?? []),
  ]
  return await loadOver(
    seconds,
    cpuMeter(find, ({ command }) => (/ffmpeg/.test(command) ? 'ffmpeg' : 'nginx')),
  )
}

async function loadOver(seconds: number, used: () => Map<string, number>): Promise<Load> {
  const from = performance.now()
  await delay(seconds * 1000)
  const taken = (performance.now() - from) / 1000
  return new Map([...used()].map(([kind, cpuSeconds]) => [kind, cpuSeconds / taken]))
}

/** What nginx-rtmp's handbook does: each rendition has an ffmpeg that plays the show, and publishes what it makes of it. */
function startEncoders(url: string): AsyncDisposable & { pids: number[] } {
  const encoders = RENDITIONS.map(({ height, videoBitrateBps }) => {
    const rate = ['-b:v', `${videoBitrateBps}`, '-maxrate', `${Math.round(videoBitrateBps * 1.07)}`]
    const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high', ...rate]
    return spawn(
      'ffmpeg',
      [
        ...['-v', 'error', '-nostdin', '-i', url, '-vf', `scale=-2:${height}`, ...video],
        ...['-bufsize', `${videoBitrateBps}`, '-g', '30', '-sc_threshold', '0'],
        ...['-c:a', 'aac', '-b:a', `${AUDIO_BITRATE_BPS}`, '-f', 'flv', `${url}_${height}`],
      ],
      { stdio: 'ignore' },
    )
  })
  return {
    pids: encoders.flatMap(({ pid }) => pid ?? []),
    async [Symbol.asyncDispose]() {
      for (const encoder of encoders) {
        if (encoder.exitCode !== null || encoder.signalCode !== null) continue
        const gone = once(encoder, 'exit')
        encoder.kill('SIGKILL')
        await gone
      }
    },
  }
}
