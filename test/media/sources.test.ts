import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import type { MediaPacket, Publisher } from '../../media/ingest/publisher.ts'
import { type ClipOptions, clip, packetsOf } from '../support/clips.ts'
import { FakePlatform, startMedia } from '../support/media-process.ts'
import { checkMediaPlaylist } from '../support/playlist-rules.ts'
import { temporaryFolder } from './archive/show.ts'

const run = promisify(execFile)

/** A publisher that sends what it has as fast as it is taken, and says that it stops. */
function publisherOf(packets: readonly MediaPacket[]): Publisher {
  return {
    address: '127.0.0.1',
    encoder: 'test',
    hasStopped: true,
    packets: (async function* () {
      for (const packet of packets) {
        yield packet
        if (packet.isKeyframe) await new Promise(setImmediate)
      }
    })(),
    disconnect: () => {},
  }
}

/** A whole show of these packets; what ffprobe says of its recording, and the top rendition's VOD playlist. */
async function recordingOf(packets: readonly MediaPacket[]) {
  await using folder = await temporaryFolder()
  const platform = new FakePlatform()
  await using media = await startMedia(platform, folder.path)
  const { streamKey, grant } = platform.key()
  const decision = await media.sessions.decide({ streamKey, address: '127.0.0.1' })
  if (!('accept' in decision)) throw new Error('refused')
  decision.accept(publisherOf(packets))
  await vi.waitFor(
    () => expect(platform.reports).toContainEqual(expect.objectContaining({ report: 'closed', isUploaded: true })),
    { timeout: 30_000, interval: 50 },
  )
  const root = join(folder.path, 'store/recordings', grant.recording)
  const show = ['-show_entries', 'format=duration:stream=codec_type', '-of', 'json']
  const { stdout, stderr } = await run('ffprobe', [
    ...['-v', 'error', '-allowed_extensions', 'ALL', ...show, join(root, 'index.m3u8')],
  ])
  const probed = JSON.parse(stdout) as { format: { duration: string }; streams: { codec_type: string }[] }
  const names = await (await fetch(media.url(grant, 'index.m3u8'))).text()
  const playlists = await Promise.all(
    [...names.matchAll(/^(\w+)\/index\.m3u8$/gm)].map(async ([, name]) => {
      const text = await (await fetch(media.url(grant, `${name}/dvr.m3u8`))).text()
      checkMediaPlaylist(text)
      return text
    }),
  )
  return {
    seconds: Number(probed.format.duration),
    kinds: new Set(probed.streams.map(({ codec_type }) => codec_type)),
    complaints: stderr,
    playlists,
  }
}

const sources: [string, ClipOptions, string[]][] = [
  ['a variable frame rate', { seconds: 4, video: { isVariable: true } }, ['video', 'audio']],
  ['60 frames a second', { seconds: 4, video: { fps: 60 } }, ['video', 'audio']],
  ['B-frames', { seconds: 4, video: { bFrames: 2 } }, ['video', 'audio']],
  ['a GOP of eight seconds', { seconds: 9, video: { gop: 240 } }, ['video', 'audio']],
  ['mono sound at 22 kHz', { seconds: 4, audio: { sampleRate: 22_050, channels: 1 } }, ['video', 'audio']],
  ['no sound', { seconds: 4, audio: null }, ['video']],
  ['no picture', { seconds: 4, video: null }, ['audio']],
]

it.each(sources)(
  'records a source with %s whole',
  async (_name, options, kinds) => {
    const recording = await recordingOf(await packetsOf(await clip(options)))
    expect(recording.seconds).toBeCloseTo(options.seconds ?? 0, 0)
    expect(recording.kinds).toEqual(new Set(kinds))
    expect(recording.complaints).toBe('')
  },
  60_000,
)

it('goes on behind a DISCONTINUITY when the picture changes its size', async () => {
  const first = await packetsOf(await clip({ seconds: 3, video: { width: 320, height: 180 } }))
  const second = await packetsOf(await clip({ seconds: 3, video: { width: 256, height: 144 } }))
  const recording = await recordingOf([...first, ...later(second, 3033)])
  expect(recording.seconds).toBeCloseTo(6, 0)
  for (const text of recording.playlists) expect(text.match(/^#EXT-X-DISCONTINUITY$/gm)).toHaveLength(1)
}, 60_000)

it('obeys the rules through a GOP that grows in mid-show', async () => {
  const short = await packetsOf(await clip({ seconds: 3, video: { gop: 30 } }))
  const long = await packetsOf(await clip({ seconds: 5, video: { gop: 150 } }))
  const recording = await recordingOf([...short, ...later(long, 3033), ...later(long, 8066)])
  expect(recording.seconds).toBeCloseTo(13, 0)
}, 60_000)

it.each([
  ['ten minutes forward', 600_000],
  ['ten minutes back', -600_000],
])(
  'plays through time stamps that jump %s',
  async (_name, jump) => {
    const packets = await packetsOf(await clip({ seconds: 3 }))
    const recording = await recordingOf([...later(packets, 700_000), ...later(packets, 703_033 + jump)])
    expect(recording.seconds).toBeCloseTo(6, 0)
    for (const text of recording.playlists) expect(text.match(/^#EXT-X-DISCONTINUITY$/gm)).not.toBeNull()
  },
  60_000,
)

it('plays across the first extended time stamp', async () => {
  const recording = await recordingOf(later(await packetsOf(await clip({ seconds: 4 })), 0xffffff - 2000))
  expect(recording.seconds).toBeCloseTo(4, 0)
}, 60_000)

function later(packets: readonly MediaPacket[], ms: number): MediaPacket[] {
  return packets.map((packet) => ({ ...packet, dts: packet.dts + ms, pts: packet.pts + ms }))
}
