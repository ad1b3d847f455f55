import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { probeFile } from '../../media/files/probe-file.ts'
import { transcodeVideo } from '../../media/files/transcode-video.ts'
import { DiskStore } from '../../media/storage/disk-store.ts'
import { readProcess } from './processes.ts'

/** Ways to write the one command: each picture scaled from the largest, or from the next larger. */
export const handWritten = [
  {
    name: 'ffmpeg by hand, split',
    filter: '[0:v]split=3[a][b][c];[a]scale=1280:720[v1];[b]scale=854:480[v2];[c]scale=640:360[v3]',
  },
  {
    name: 'ffmpeg by hand, chained',
    filter: '[0:v]scale=1280:720,split[v1][b];[b]scale=854:480,split[v2][c];[c]scale=640:360[v3]',
  },
] as const

/** A ladder that was made. */
export interface Ladder {
  seconds: number
  /** Of this process and of what it started. */
  cpuSeconds: number
  /** Of the lowest rendition: nobody was quicker by making less. */
  segments: number
}

/** What a phone or a screen recorder writes; made once and kept among temporary files. */
export async function videoFile(seconds: number, say: (line: string) => void): Promise<string> {
  const directory = join(tmpdir(), 'ustat-bench-sources')
  const path = join(directory, `1080p-${seconds}s.mp4`)
  if (existsSync(path)) return path
  say(`making ${seconds} s of 1080p`)
  await mkdir(directory, { recursive: true })
  const unfinished = `${path}.${process.pid}.mp4`
  await toEnd(
    spawn(
      'ffmpeg',
      [
        ...[
          '-v',
          'error',
          '-nostdin',
          '-y',
          '-f',
          'lavfi',
          '-i',
          'testsrc2=size=1920x1080:rate=30,noise=alls=12:allf=t',
        ],
        ...['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-t', `${seconds}`],
        ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-b:v', '6M', '-maxrate', '6M'],
        ...['-bufsize', '12M', '-g', '60', '-keyint_min', '60', '-sc_threshold', '0', '-c:a', 'aac', '-b:a', '128k'],
        unfinished,
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    ),
  )
  await rename(unfinished, path)
  return path
}

/** Everything that the worker does with a file, but for the database: looked at, made, stored, with its storyboard. */
export async function byUs(file: string, directory: string): Promise<Ladder> {
  const store = join(directory, 'store')
  return measured(join(store, 'videos/bench/360p/index.m3u8'), async () => {
    await transcodeVideo({
      ...{ file, facts: await probeFile(file), directory: join(directory, 'work'), store: new DiskStore(store) },
      ...{ prefix: 'videos/bench', signal: new AbortController().signal },
      onProgress: () => {},
      onPlayable: async () => {},
    })
  })
}

/** The same codecs, sizes, bitrates and segments, with the priority that ours has. */
export async function byHand(file: string, filter: string, directory: string): Promise<Ladder> {
  const encoded = [2500, 1200, 700].flatMap((kbps, index) => {
    const of = `v:${index + 1}`
    return [
      ...[`-preset:${of}`, 'veryfast', `-profile:${of}`, 'high', `-crf:${of}`, '23', `-maxrate:${of}`, `${kbps}k`],
      ...[`-bufsize:${of}`, `${2 * kbps}k`, `-sc_threshold:${of}`, '0', `-g:${of}`, '600'],
      ...[`-force_key_frames:${of}`, 'source'],
    ]
  })
  const args = [
    ...['-v', 'error', '-nostdin', '-y', '-i', file, '-filter_complex', filter],
    ...['0:v', '[v1]', '[v2]', '[v3]'].flatMap((picture) => ['-map', picture, '-map', '0:a']),
    ...['-c:a', 'copy', '-c:v', 'libx264', '-c:v:0', 'copy', ...encoded],
    ...['-f', 'hls', '-hls_time', '4', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
    ...['-hls_flags', 'independent_segments', '-hls_segment_filename', `${directory}/v%v/%d.m4s`],
    ...[
      '-master_pl_name',
      'index.m3u8',
      '-var_stream_map',
      'v:0,a:0 v:1,a:1 v:2,a:2 v:3,a:3',
      `${directory}/v%v/index.m3u8`,
    ],
  ]
  return measured(join(directory, 'v3/index.m3u8'), () =>
    toEnd(spawn('nice', ['-n', '15', 'ffmpeg', ...args], { stdio: ['ignore', 'ignore', 'inherit'] })),
  )
}

async function measured(lowest: string, make: () => Promise<void>): Promise<Ladder> {
  const [startedAt, cpuBefore] = [performance.now(), busySeconds()]
  await make()
  const seconds = (performance.now() - startedAt) / 1000
  const cpuSeconds = busySeconds() - cpuBefore
  const playlist = await readFile(lowest, 'utf8')
  return { seconds, cpuSeconds, segments: playlist.match(/^#EXTINF/gm)?.length ?? 0 }
}

function busySeconds(): number {
  return readProcess(process.pid)?.cpuSeconds ?? Number.NaN
}

async function toEnd(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`${child.spawnfile} ended with ${code}`)
}
