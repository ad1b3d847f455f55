import type { Ladder } from '../../../media/ladder/ladder.ts'
import { type Fragment, readFragments } from '../../../media/packager/fmp4.ts'
import type { ParsedInit } from '../../../media/packager/fmp4-init.ts'
import { type Run, writeFragment } from '../../../media/packager/fmp4-write.ts'
import type { InitSegment, PackagerHistory, Segment, SegmentSink } from '../../../media/packager/packaged.ts'
import { Packager } from '../../../media/packager/packager.ts'
import { inPieces, makeClip } from './clips.ts'
import { audioTrack, fragmentsOf, type StreamOptions, videoTrack } from './frames.ts'

/** What one output of ffmpeg looks like from here: bytes that come when the test says so. */
export class Pipe implements AsyncIterable<Uint8Array> {
  readonly #chunks: Uint8Array[] = []
  #wake: (() => void) | null = null
  #settled: (() => void)[] = []
  #isEnded = false
  #error: Error | null = null

  /** Resolved when all of it has been read and worked through. */
  push(...chunks: Uint8Array[]): Promise<void> {
    this.#chunks.push(...chunks)
    return this.#read()
  }

  end(): Promise<void> {
    this.#isEnded = true
    return this.#read()
  }

  breakOff(error: Error): Promise<void> {
    this.#error = error
    return this.#read()
  }

  #read(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled.push(resolve)
      this.#wake?.()
    })
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunk = this.#chunks.shift()
      if (chunk) yield chunk
      else {
        const settled = this.#settled
        this.#settled = []
        for (const resolve of settled) resolve()
        if (this.#error) throw this.#error
        if (this.#isEnded) return
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
      }
    }
  }
}

/** The init segment that ffmpeg writes for a picture of 160 × 90 and stereo sound. */
export async function anInitOfFfmpeg(size: { hasAudio?: boolean; hasVideo?: boolean } = {}): Promise<ParsedInit> {
  const clip = await makeClip({ seconds: 1, ...size })
  const first = await readFragments(inPieces(clip.get('top') ?? Buffer.alloc(0), 65_536)).next()
  if (first.done || first.value.kind !== 'init') throw new Error('ffmpeg wrote no init segment')
  return first.value
}

/** The same tracks in other bytes, as another rendition has them. */
export function anotherInit(init: ParsedInit): ParsedInit {
  const bytes = Buffer.from(init.bytes)
  bytes.writeUInt32BE(1, bytes.indexOf('mvhd') + 8) // time of creation
  return { ...init, bytes, height: 45 }
}

export function bytesOf({ video, audio }: Fragment): Uint8Array {
  const runs: Run[] = []
  if (video.length > 0) runs.push({ track: videoTrack, samples: video })
  if (audio.length > 0) runs.push({ track: audioTrack, samples: audio })
  return writeFragment(0, runs)
}

export function aLadder(...names: string[]): Ladder {
  return {
    keyframes: 'source',
    renditions: names.map((name, i) => ({
      name,
      width: 160,
      height: 90 - i,
      frameRate: 30,
      isCopied: i === 0,
      bandwidthBps: 1_000_000 / (i + 1),
      videoBitrateBps: null,
      audioBitrateBps: 128_000,
    })),
  }
}

/** Remembers what the archive would get. */
export class FakeSink implements SegmentSink {
  readonly inits: { rendition: string; index: number; init: InitSegment }[] = []
  readonly segments: { rendition: string; segment: Segment }[] = []

  init(rendition: string, index: number, init: InitSegment): void {
    this.inits.push({ rendition, index, init })
  }

  segment(rendition: string, segment: Segment): void {
    this.segments.push({ rendition, segment })
  }

  of(rendition: string): Segment[] {
    return this.segments.flatMap((entry) => (entry.rendition === rendition ? [entry.segment] : []))
  }

  /** As a journal would have it after a restart. */
  history(...names: string[]): PackagerHistory {
    return {
      renditions: names.map((name) => ({
        name,
        bandwidthBps: 1_000_000,
        frameRate: 30,
        inits: this.inits.flatMap(({ rendition, init }) => (rendition === name ? [init] : [])),
        segments: this.of(name).map(({ kind: _, parts: __, ...entry }) => entry),
      })),
    }
  }
}

export interface ShowOptions {
  names?: readonly string[]
  sink?: FakeSink
  resume?: PackagerHistory
  init: ParsedInit
}

/** A packager whose outputs come second by second, as the test says. */
export class Show {
  readonly packager: Packager
  readonly sink: FakeSink
  readonly names: readonly string[]
  pipes = new Map<string, Pipe>()
  running: Promise<void> = Promise.resolve()
  readonly #init: ParsedInit
  #fragments: Fragment[] = []
  readonly #sent = new Map<string, number>()

  constructor({ names = ['top'], sink = new FakeSink(), resume, init }: ShowOptions) {
    this.names = names
    this.sink = sink
    this.#init = init
    this.packager = new Packager({ partTargetMs: 210, segmentTargetMs: 2000, sink, ...(resume ? { resume } : {}) })
  }

  /** Starts a run; the publisher's stream is as `stream` says. */
  async start(
    stream: Partial<StreamOptions> = {},
    {
      names = this.names,
      init = this.#init,
      inits = {},
      startedAtMs = 1_700_000_000_000,
      routes,
    }: {
      names?: readonly string[]
      init?: InitSegment
      /** Of outputs that have one of their own. */
      inits?: Record<string, InitSegment>
      startedAtMs?: number
      routes?: ReadonlyMap<string, string>
    } = {},
  ): Promise<void> {
    this.#fragments = fragmentsOf({ seconds: 90, frameRate: 30, gop: 1, ...stream })
    this.#sent.clear()
    this.pipes = new Map(names.map((name) => [name, new Pipe()]))
    const run = { outputs: this.pipes, ladder: aLadder(...names), startedAtMs, ...(routes ? { routes } : {}) }
    this.running = this.packager.run(run)
    await Promise.all([...this.pipes].map(([name, pipe]) => pipe.push((inits[name] ?? init).bytes)))
  }

  /** Media up to this many seconds after the run's start, in every output or the ones named. */
  async advanceTo(seconds: number, ...names: string[]): Promise<void> {
    for (const name of names.length > 0 ? names : this.pipes.keys()) {
      const from = this.#sent.get(name) ?? 0
      let to = from
      while (to < this.#fragments.length && startOf(this.#fragments[to]) < 10 + seconds - 1e-6) to += 1
      this.#sent.set(name, to)
      await this.pipes.get(name)?.push(...this.#fragments.slice(from, to).map(bytesOf))
    }
  }

  /** The publisher is gone: every output ends. */
  async stop(): Promise<void> {
    await Promise.all([...this.pipes.values()].map((pipe) => pipe.end()))
    await this.running
  }

  text(name: string, kind: 'index' | 'dvr' = 'index', canSkip = false): string {
    return this.packager.findWindow(name)?.playlist(kind, canSkip).plain.toString() ?? ''
  }
}

function startOf(fragment: Fragment | undefined): number {
  const video = fragment?.video[0]
  return video ? video.dts / videoTrack.timescale : (fragment?.audio[0]?.dts ?? 0) / audioTrack.timescale
}
