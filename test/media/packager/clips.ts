import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface ClipOptions {
  seconds?: number
  frameRate?: number | string
  /** Frames between keyframes. */
  gop?: number
  bFrames?: number
  hasVideo?: boolean
  hasAudio?: boolean
  /** Names of encoded outputs below the copied top, which is `top`. */
  encoded?: readonly string[]
}

/** What the muxer of every rendition is told (live.md); a fragment for every frame. */
const muxer = [
  ...['-f', 'mp4', '-movflags', '+cmaf+empty_moov+default_base_moof+frag_keyframe+frag_discont'],
  ...['-use_editlist', '0', '-avoid_negative_ts', 'disabled', '-output_ts_offset', '10'],
  ...['-frag_duration', '1', '-flush_packets', '1'],
]

/** A publisher's FLV through a ladder like ours: fragmented MP4 by rendition, as fast as the machine can. */
export async function makeClip(options: ClipOptions = {}): Promise<Map<string, Buffer>> {
  const { seconds = 6, frameRate = 30, gop = 30, bFrames = 0, hasVideo = true, hasAudio = true, encoded = [] } = options
  const directory = await mkdtemp(join(tmpdir(), 'ustat-clip-'))
  try {
    const source = join(directory, 'source.flv')
    await ffmpeg([
      ...(hasVideo ? ['-f', 'lavfi', '-i', `testsrc2=size=160x90:rate=${frameRate}:duration=${seconds}`] : []),
      ...(hasAudio ? ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`] : []),
      ...(hasVideo ? ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', `${gop}`, '-keyint_min', `${gop}`] : []),
      ...(hasVideo ? ['-sc_threshold', '0', '-bf', `${bFrames}`, '-pix_fmt', 'yuv420p'] : []),
      ...(hasAudio ? ['-c:a', 'aac', '-b:a', '64k'] : []),
      ...['-f', 'flv', source],
    ])
    const names = ['top', ...encoded]
    await ffmpeg([
      ...[
        '-fflags',
        '+genpts',
        '-flags',
        'low_delay',
        '-probesize',
        '1M',
        '-analyzeduration',
        '1M',
        '-f',
        'flv',
        '-i',
        source,
      ],
      ...names.flatMap((name, i) => [
        ...(hasVideo ? ['-map', '0:v'] : []),
        ...(hasAudio ? ['-map', '0:a', '-c:a', 'aac', '-b:a', '128k', '-ac', '2', '-ar', '48000'] : []),
        ...(hasAudio ? ['-af', 'aresample=async=1000:first_pts=0'] : []),
        ...(hasVideo && i === 0 ? ['-c:v', 'copy'] : []),
        ...(hasVideo && i > 0
          ? ['-fps_mode', 'passthrough', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-g', '600']
          : []),
        ...(hasVideo && i > 0 ? ['-sc_threshold', '0', '-force_key_frames', 'source', '-pix_fmt', 'yuv420p'] : []),
        ...muxer,
        join(directory, `${name}.mp4`),
      ]),
    ])
    return new Map(
      await Promise.all(names.map(async (name) => [name, await readFile(join(directory, `${name}.mp4`))] as const)),
    )
  } finally {
    await rm(directory, { recursive: true })
  }
}

async function ffmpeg(args: readonly string[]): Promise<void> {
  await run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...args])
}

/** Cut at any byte: pieces of `size`, as a socket might deliver them. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
