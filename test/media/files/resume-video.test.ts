import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeFile } from '../../../media/files/probe-file.ts'
import { transcodeVideo } from '../../../media/files/transcode-video.ts'
import { durationsOf } from '../../../media/files/video-playlist.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { ObjectStoreError } from '../../../media/storage/object-store.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ustat-resume-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Away for ever from the moment that something is to be put there. */
class FailingStore extends DiskStore {
  readonly puts: { key: string; text: string }[] = []
  awayAt: string | null = null

  override async put(...args: Parameters<DiskStore['put']>) {
    const [key, body] = args
    if (this.awayAt !== null && key.endsWith(this.awayAt)) {
      throw new ObjectStoreError('unavailable', 'not now', { trouble: 'lasting' })
    }
    this.puts.push({ key: key.slice('videos/v/'.length), text: body instanceof Uint8Array ? String(body) : '' })
    return super.put(...args)
  }
}

function film(name: string, ...args: string[]): string {
  execFileSync('ffmpeg', ['-v', 'error', ...args, join(root, name)])
  return join(root, name)
}

const lavfi = (input: string) => ['-f', 'lavfi', '-i', input]
const picture = (size: string, rate: string, seconds = 18) =>
  lavfi(`testsrc2=size=${size}:rate=${rate}:duration=${seconds}`)
const sound = (rate: number, seconds = 18) => lavfi(`sine=frequency=440:sample_rate=${rate}:duration=${seconds}`)
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p']

async function make(file: string, name: string, awayAt: readonly string[] = [], spoil = (_root: string) => {}) {
  const store = new FailingStore(join(root, name))
  const directory = join(root, name, 'videos/v')
  const facts = await probeFile(file)
  const signal = new AbortController().signal
  const attempt = (progress: number[]) =>
    transcodeVideo({
      ...{ file, facts, directory: join(root, `${name}-work`), store, prefix: 'videos/v', signal },
      ...{ onProgress: (percent) => progress.push(percent), onPlayable: async () => {} },
    })
  for (const key of awayAt) {
    store.awayAt = key
    await expect(attempt([])).rejects.toThrow('not now')
  }
  store.awayAt = null
  spoil(join(root, name))
  const before = store.puts.splice(0)
  const progress: number[] = []
  const video = await attempt(progress)
  return { video, directory, before, after: store.puts, progress }
}

/** Decode times of all packets of a kind, as a player meets them, and the moments they are shown at, in order; seconds. */
function timesOf(playlist: string, kind: 'v' | 'a'): { decoded: number[]; shown: number[] } {
  const args = ['-v', 'error', '-allowed_extensions', 'ALL', '-select_streams', `${kind}:0`]
  const told = execFileSync('ffprobe', [
    ...args,
    '-show_entries',
    'packet=dts_time,pts_time',
    '-of',
    'csv=p=0',
    playlist,
  ])
  const pairs = told
    .toString()
    .split('\n')
    .map((line) => line.split(',').map(Number))
  const packets = pairs.filter(([, dts]) => dts !== undefined)
  // Which pictures are decoded before others is the encoder's choice.
  return { shown: packets.map(([pts = 0]) => pts).sort((a, b) => a - b), decoded: packets.map(([, dts = 0]) => dts) }
}

function framesOf(playlist: string): number {
  const args = ['-v', 'error', '-allowed_extensions', 'ALL', '-i', playlist, '-map', '0:v:0', '-f', 'framemd5', '-']
  return execFileSync('ffmpeg', args)
    .toString()
    .split('\n')
    .filter((line) => /^\d/.test(line)).length
}

function soundOf(playlist: string): Int16Array {
  const args = [
    '-v',
    'error',
    '-allowed_extensions',
    'ALL',
    '-i',
    playlist,
    '-map',
    '0:a:0',
    '-f',
    's16le',
    '-ac',
    '1',
    '-',
  ]
  const bytes = execFileSync('ffmpeg', args, { maxBuffer: 1 << 26 })
  return new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2))
}

/** Of each hundredth of a second. */
function loudnessOf(samples: Int16Array): number[] {
  const length = 480
  return Array.from({ length: Math.floor(samples.length / length) }, (_, at) =>
    Math.sqrt(samples.subarray(at * length, (at + 1) * length).reduce((sum, value) => sum + value * value, 0) / length),
  )
}

const steps = (times: readonly number[]) => times.slice(1).map((time, at) => time - (times[at] ?? 0))
const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), -Infinity)
const smallest = (values: readonly number[]) => values.reduce((least, value) => Math.min(least, value), Infinity)
const segmentsIn = (puts: readonly { key: string }[]) =>
  puts.map(({ key }) => key).filter((key) => key.endsWith('.m4s'))

describe('an attempt that comes after one that failed', () => {
  const kinds: [string, () => string, { frames: number; frameSeconds: number; roundedBy: number }][] = [
    [
      'a copied top at 29.97 pictures a second, with sound that is encoded',
      () =>
        film(
          'a.mp4',
          ...picture('854x480', '30000/1001'),
          ...sound(44_100),
          ...h264,
          '-g',
          '50',
          '-bf',
          '2',
          '-c:a',
          'libmp3lame',
          '-shortest',
        ),
      { frames: 540, frameSeconds: 1001 / 30_000, roundedBy: 0.0025 },
    ],
    [
      'a picture that is encoded, with sound that is copied',
      () =>
        film(
          'b.mov',
          ...picture('320x240', '25'),
          ...sound(48_000),
          '-c:v',
          'mpeg4',
          '-b:v',
          '1M',
          '-c:a',
          'aac',
          '-shortest',
        ),
      { frames: 450, frameSeconds: 0.04, roundedBy: 0.0025 },
    ],
    [
      'Matroska at 60 pictures a second with rare keyframes, of which half are kept',
      () =>
        film(
          'c.mkv',
          ...picture('426x240', '60'),
          ...sound(48_000),
          ...h264,
          '-g',
          '500',
          '-bf',
          '3',
          '-c:a',
          'libopus',
          '-shortest',
        ),
      // Each segment's first picture stands half a step early where every second one is left out: ffmpeg's guess of the last.
      { frames: 540, frameSeconds: 1 / 30, roundedBy: 0.018 },
    ],
  ]

  it.each(kinds)(
    'goes on to the frame: %s',
    { timeout: 120_000 },
    async (_name, source, { frames, frameSeconds, roundedBy }) => {
      const file = source()
      const id = file.slice(-5, -4)
      const whole = await make(file, `${id}-whole`)
      const lowest = whole.video.renditions.at(-1) as string
      const { video, directory, before, after, progress } = await make(file, id, [`${lowest}/2.m4s`, `${lowest}/4.m4s`])
      // What was there is not made again.
      expect(segmentsIn(before)).toContain(`${lowest}/3.m4s`)
      expect(segmentsIn(after).map((key) => Number(/(\d+)\.m4s/.exec(key)?.[1]))).not.toContain(3)
      expect(smallest(progress.filter((percent) => percent > 0))).toBeGreaterThan(50)
      expect(video).toMatchObject({ renditions: whole.video.renditions, hasThumbnail: true, hasStoryboard: true })
      expect(video.durationSeconds).toBeCloseTo(whole.video.durationSeconds, 2)
      for (const name of video.renditions) {
        const [own, other] = [directory, whole.directory].map((each) => join(each, name, 'index.m3u8')) as [
          string,
          string,
        ]
        expect(framesOf(own)).toBe(frames)
        for (const kind of ['v', 'a'] as const) {
          const [got, wanted] = [timesOf(own, kind), timesOf(other, kind)]
          for (const what of ['decoded', 'shown'] as const) {
            expect(got[what]).toHaveLength(wanted[what].length)
            expect(largest(got[what].map((time, at) => Math.abs(time - (wanted[what][at] ?? 0))))).toBeLessThan(
              roundedBy,
            )
          }
          if (kind === 'a') continue
          expect(smallest(steps(got.decoded))).toBeGreaterThan(frameSeconds - roundedBy)
          expect(largest(steps(got.decoded))).toBeLessThan(frameSeconds + roundedBy)
        }
        const cuts = [own, other].map((each) =>
          durationsOf(readFileSync(each, 'utf8')).map((seconds) => seconds.toFixed(2)),
        )
        if (id !== 'a') expect(cuts[0]).toEqual(cuts[1])
      }
      // Who plays it meanwhile never sees a playlist lose or change a line.
      const told = [...before, ...after]
        .filter(({ key }) => key === `${lowest}/index.m3u8`)
        .map(({ text }) => durationsOf(text))
      for (const [at, durations] of told.entries()) {
        const earlier = told[at - 1] ?? []
        expect(durations.slice(0, earlier.length)).toEqual(earlier)
      }
      const cues = readFileSync(join(directory, 'storyboard.vtt'), 'utf8').match(/^\S+(?= -->)/gm)
      expect(cues?.[0]).toBe('00:00:00.000')
      expect(cues?.length).toBeGreaterThanOrEqual(3)
      // The sound does not pause: its phase may be another by half a millisecond, over which AAC's windows fade.
      const loud = loudnessOf(soundOf(join(directory, lowest, 'index.m3u8'))).slice(10, -10)
      expect(loud.length).toBeGreaterThan(1500)
      expect(smallest(loud) / largest(loud)).toBeGreaterThan(0.6)
    },
  )

  it.each([
    ['a segment that is not whole', '1.m4s', (bytes: Buffer) => bytes.subarray(0, 3000)],
    // The level (ISO/IEC 14496-15, 5.3.3.1), as another version or setting of the encoder would write it.
    [
      'another configuration',
      'init-0.mp4',
      (bytes: Buffer) => bytes.fill(51, bytes.indexOf('avcC') + 7, bytes.indexOf('avcC') + 8),
    ],
  ])('begins anew where it cannot go on to the frame: %s', { timeout: 120_000 }, async (_name, broken, spoil) => {
    const file = film(`anew-${broken}.mp4`, ...picture('320x240', '25', 14), '-c:v', 'mpeg4', '-b:v', '1M')
    const whole = `anew-${broken}`
    const { directory, after } = await make(file, whole, ['240p/2.m4s'], (store) => {
      const path = join(store, 'videos/v/240p', broken)
      writeFileSync(path, spoil(readFileSync(path)))
    })
    expect(segmentsIn(after)).toEqual(['240p/0.m4s', '240p/1.m4s', '240p/2.m4s', '240p/3.m4s'])
    expect(framesOf(join(directory, '240p/index.m3u8'))).toBe(350)
  })

  it('begins anew with a picture that is copied out of Matroska, whose ticks are coarser', {
    timeout: 60_000,
  }, async () => {
    const file = film('copied.mkv', ...picture('320x240', '25', 14), ...h264, '-g', '50', '-b:v', '500k')
    const { directory, after } = await make(file, 'copied', ['240p/2.m4s'])
    expect(segmentsIn(after)).toEqual(['240p/0.m4s', '240p/1.m4s', '240p/2.m4s', '240p/3.m4s'])
    expect(framesOf(join(directory, '240p/index.m3u8'))).toBe(350)
  })
})
