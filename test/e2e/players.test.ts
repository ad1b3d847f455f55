import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { type RunningShow, untilLive, untilRecorded } from './channel.ts'
import { type Publisher, publish } from './publisher.ts'

const run = promisify(execFile)
const SECONDS = 4

/** Clients of another make: they publish (ffmpeg), and play what is live, the show from its start, and the recording. */
let platform: Platform
let publisher: Publisher
let show: RunningShow

beforeAll(async () => {
  platform = await startPlatform()
  publisher = await publish(await platform.publishUrl())
  show = await untilLive(platform)
})

afterAll(async () => {
  await publisher?.stop()
  await platform?.[Symbol.asyncDispose]()
})

/** ffmpeg decodes so many seconds of picture and sound; anything that it calls an error is one. */
async function decode(url: string, seconds = SECONDS): Promise<{ flashes: number[]; clicks: number[] }> {
  const read = async (map: string, kind: '-vf' | '-af', filter: string, found: RegExp) => {
    const input = ['-copyts', '-t', `${seconds}`, '-i', url, '-map', map, kind, filter, '-f', 'null', '-']
    const { stdout, stderr } = await run('ffmpeg', ['-v', 'error', ...input], { timeout: 40_000 })
    expect(stderr).toBe('')
    return [...stdout.matchAll(/pts_time:([\d.]+)\s+(\S+)=(\S+)/g)]
      .filter(([line]) => found.test(line))
      .map(([, time]) => Number(time))
  }
  // The clip is white and clicks for the first 50 ms of every second.
  const [bright, loud] = await Promise.all([
    read('0:v:0', '-vf', 'scale=32:32,signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-', /YAVG=2[23]\d/),
    read(
      '0:a:0',
      '-af',
      'asetnsamples=n=240,astats=metadata=1:reset=1,ametadata=print:key=lavfi.astats.Overall.RMS_level:file=-',
      /RMS_level=-(\d|1\d)\./,
    ),
  ])
  const beginnings = (times: number[]) => times.filter((time, at) => time - (times[at - 1] ?? 0) > 0.5)
  return { flashes: beginnings(bright), clicks: beginnings(loud) }
}

/** People notice sound that is 45 ms early or 125 ms late (ITU-R BT.1359). */
function expectSync({ flashes, clicks }: { flashes: number[]; clicks: number[] }, atLeast: number): void {
  expect(flashes.length).toBeGreaterThanOrEqual(atLeast)
  for (const flash of flashes) {
    const late = Math.min(...clicks.map((click) => Math.abs(click - flash)))
    // Its last sound may be cut off.
    if (flash < (clicks.at(-1) ?? 0) + 0.5) expect(late, `sound beside the picture of ${flash} s`).toBeLessThan(0.045)
  }
}

async function describeStreams(url: string): Promise<string> {
  const entries = ['-show_entries', 'stream=codec_name,width,height,sample_rate,channels', '-of', 'compact=nk=1:p=0']
  const { stdout, stderr } = await run('ffprobe', ['-v', 'error', ...entries, url], { timeout: 20_000 })
  expect(stderr).toBe('')
  return stdout
}

it('ffmpeg plays a running show, and the same from its start', async () => {
  expect(await describeStreams(show.playbackUrl)).toMatch(/^h264\|854\|480\naac\|48000\|2$/m)
  expectSync(await decode(show.playbackUrl), SECONDS - 1)
  expectSync(await decode(show.playbackUrl.replace('index.m3u8', 'dvr.m3u8')), SECONDS - 1)
})

it.runIf(isInstalled('gst-launch-1.0'))('GStreamer plays a running show', async () => {
  await expectProgress(show.playbackUrl)
})

describe('of a recording', () => {
  let url: string
  let seconds: number

  beforeAll(async () => {
    await publisher.stop()
    const { playback_url, duration_seconds } = await untilRecorded(platform, show.recording)
    url = platform.url + playback_url
    seconds = duration_seconds
  })

  it('ffmpeg plays every frame, with its sound', async () => {
    const entries = ['-show_entries', 'format=duration:stream=nb_read_frames', '-of', 'json']
    const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v:0', '-count_frames', ...entries, url])
    const { format, streams } = JSON.parse(stdout) as {
      format: { duration: string }
      streams: { nb_read_frames: string }[]
    }
    expect(Number(format.duration)).toBeCloseTo(seconds, 1)
    expect(Math.abs(Number(streams[0]?.nb_read_frames) - seconds * 30)).toBeLessThanOrEqual(1)
    expectSync(await decode(url, seconds), Math.floor(seconds) - 1)
  })

  it('ffplay plays it', async () => {
    const env = { ...process.env, SDL_VIDEODRIVER: 'dummy', SDL_AUDIODRIVER: 'dummy' }
    const { stderr } = await run('ffplay', ['-v', 'error', '-autoexit', '-t', '3', url], { env, timeout: 40_000 })
    expect(stderr.trim()).toBe('')
  })

  it.runIf(isInstalled('gst-launch-1.0'))('GStreamer plays it', async () => {
    await expectProgress(url)
  })
})

function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(':').some((directory) => existsSync(join(directory, program)))
}

/** Decodes picture and sound in real time, until both have gone on for three seconds. */
async function expectProgress(url: string): Promise<void> {
  const branch = (name: string, convert: string) =>
    `d. ! queue ! ${convert} ! progressreport name=${name} update-freq=1 ! fakesink sync=true`.split(' ')
  const gst = spawn('gst-launch-1.0', [
    ...['uridecodebin3', `uri=${url}`, 'name=d'],
    ...branch('picture', 'videoconvert'),
    ...branch('sound', 'audioconvert'),
  ])
  const gone = once(gst, 'exit')
  let told = ''
  for (const stream of [gst.stdout, gst.stderr]) stream.on('data', (data) => (told += data))
  const secondsOf = (name: string) => [
    ...told.matchAll(new RegExp(`${name} \\(.*?\\): (\\d+)(?: / \\d+)? seconds`, 'g')),
  ]
  try {
    await expect
      .poll(() => Math.min(secondsOf('picture').length, secondsOf('sound').length), { timeout: 30_000 })
      .toBeGreaterThanOrEqual(3)
  } finally {
    gst.kill('SIGINT')
    await gone
  }
  expect(told).not.toMatch(/ERROR|WARN/)
  const [picture, sound] = ['picture', 'sound'].map((name) =>
    secondsOf(name)
      .slice(0, 3)
      .map(([, at]) => Number(at)),
  )
  for (const [at, second] of (picture ?? []).entries()) {
    expect(Math.abs(second - (sound?.[at] ?? 0)), told).toBeLessThanOrEqual(1)
  }
}
