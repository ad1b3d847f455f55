import { spawn } from 'node:child_process'
import { type Logger, pino } from 'pino'
import type { MediaPacket } from '../../media/ingest/publisher.ts'
import type { Ladder, Rendition, Source } from '../../media/ladder/ladder.ts'
import { probe } from '../../media/ladder/probe.ts'
import { Transcoder } from '../../media/ladder/transcoder.ts'
import { type ClipOptions, clip, packetsOf } from './clips.ts'

export const silent: Logger = pino({ level: 'silent' })

/** A ladder of small pictures, as chooseLadder would make it: the source's own size on top, two below. */
export function smallLadder(source: Source, { isCopied = true } = {}): Ladder {
  if (!source.video) return { renditions: [aRendition('audio', null, null, false)], keyframes: 'each-second' }
  const { width, height } = source.video
  return {
    renditions: [
      aRendition('top', width, height, isCopied),
      aRendition('middle', 160, 90, false),
      aRendition('low', 128, 72, false),
    ],
    keyframes: isCopied ? 'source' : 'each-second',
  }
}

function aRendition(name: string, width: number | null, height: number | null, isCopied: boolean): Rendition {
  return {
    name,
    width,
    height,
    frameRate: width ? 30 : null,
    isCopied,
    bandwidthBps: 300_000,
    videoBitrateBps: width ? 150_000 : null,
    audioBitrateBps: 128_000,
  }
}

export interface LadderRun {
  source: Source
  packets: MediaPacket[]
  firstDtsMs: number
  outputs: ReadonlyMap<string, Buffer>
}

/** A clip through a ladder, as fast as it goes. */
export async function runLadder(
  options: ClipOptions,
  change: { isCopied?: boolean; packets?: (packets: MediaPacket[]) => MediaPacket[] } = {},
): Promise<LadderRun> {
  const all = await packetsOf(await clip(options))
  const packets = change.packets ? change.packets(all) : all
  const source = await probe(packets)
  await using transcoder = new Transcoder({
    ladder: smallLadder(source, change),
    source,
    headers: packets.filter(({ isHeader }) => isHeader),
    logger: silent,
  })
  for (const packet of packets) transcoder.write(packet)
  transcoder.end()
  const outputs = await readOutputs(transcoder)
  await transcoder.done
  return { source, packets, firstDtsMs: transcoder.firstDtsMs ?? 0, outputs }
}

export async function readOutputs(transcoder: Transcoder): Promise<Map<string, Buffer>> {
  const read = async ([name, output]: [string, AsyncIterable<Uint8Array>]): Promise<[string, Buffer]> => {
    const chunks: Uint8Array[] = []
    for await (const chunk of output) chunks.push(chunk)
    return [name, Buffer.concat(chunks)]
  }
  return new Map(await Promise.all([...transcoder.outputs].map(read)))
}

/** Of one track of a file, as ffprobe reads it. */
export interface ProbedPacket {
  /** Seconds. */
  pts: number
  isKeyframe: boolean
}

export async function probePackets(file: Buffer, kind: 'video' | 'audio'): Promise<ProbedPacket[]> {
  const lines = await pipeThrough(
    'ffprobe',
    [
      ...['-v', 'error', '-select_streams', kind[0] ?? ''],
      ...['-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', 'pipe:0'],
    ],
    file,
  )
  return lines
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [pts, flags] = line.split(',')
      return { pts: Number(pts), isKeyframe: flags?.includes('K') ?? false }
    })
}

/** Where the clip's flashes and clicks begin, in seconds, decoded from the file. */
export async function findMarks(file: Buffer): Promise<{ flashes: number[]; clicks: number[] }> {
  const flashes = await pipeThrough(
    'ffmpeg',
    [
      ...['-v', 'error', '-copyts', '-i', 'pipe:0', '-map', '0:v'],
      ...[
        '-vf',
        'scale=8:8,signalstats,metadata=mode=print:file=-:key=lavfi.signalstats.YAVG',
        '-f',
        'null',
        '/dev/null',
      ],
    ],
    file,
  )
  const pictures = [...flashes.toString().matchAll(/pts_time:([\d.]+)\n[^=]*YAVG=([\d.]+)/g)]
  const bright = pictures.map(([, pts, light]) => ({ at: Number(pts), isOn: Number(light) > 200 }))
  return { flashes: risingEdges(bright), clicks: await findClicks(file) }
}

const CLICK_RATE = 8000

async function findClicks(file: Buffer): Promise<number[]> {
  const first = (await probePackets(file, 'audio'))[0]?.pts ?? 0
  const samples = await pipeThrough(
    'ffmpeg',
    ['-v', 'error', '-i', 'pipe:0', '-map', '0:a', '-ac', '1', '-ar', `${CLICK_RATE}`, '-f', 's16le', 'pipe:1'],
    file,
  )
  const levels: { at: number; isOn: boolean }[] = []
  const step = CLICK_RATE / 200
  for (let at = 0; (at + step) * 2 <= samples.length; at += step) {
    let peak = 0
    for (let i = 0; i < step; i++) peak = Math.max(peak, Math.abs(samples.readInt16LE((at + i) * 2)))
    levels.push({ at: first + at / CLICK_RATE, isOn: peak > 6000 })
  }
  return risingEdges(levels)
}

function risingEdges(levels: readonly { at: number; isOn: boolean }[]): number[] {
  return levels.filter(({ isOn }, index) => isOn && levels[index - 1]?.isOn === false).map(({ at }) => at)
}

async function pipeThrough(command: string, args: string[], input: Buffer): Promise<Buffer> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}
