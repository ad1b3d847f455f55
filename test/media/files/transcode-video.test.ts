import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { probeFile } from '../../../media/files/probe-file.ts'
import { type TranscodedVideo, transcodeVideo } from '../../../media/files/transcode-video.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { turned } from '../../support/mp4.ts'

let root: string
let store: DiskStore
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ustat-transcode-'))
  store = new DiskStore(join(root, 'store'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

async function transcode(file: string, signal = new AbortController().signal) {
  const told: { progress: number[]; playable: TranscodedVideo[] } = { progress: [], playable: [] }
  const prefix = `videos/${Math.random().toString(16).slice(2, 10)}`
  const facts = await probeFile(file)
  const video = await transcodeVideo({
    file,
    facts,
    directory: join(root, 'work'),
    store,
    prefix,
    signal,
    onProgress: (percent) => told.progress.push(percent),
    onPlayable: async (each) => {
      // What it says can be played is there.
      expect(existsSync(join(root, 'store', prefix, 'index.m3u8'))).toBe(true)
      told.playable.push(each)
    },
  })
  return { ...told, video, facts, directory: join(root, 'store', prefix) }
}

function make(name: string, ...args: string[]): string {
  const file = join(root, name)
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args, file])
  return file
}

const picture = (size: string, rate: number, seconds: number) => [
  '-f',
  'lavfi',
  '-i',
  `testsrc2=size=${size}:rate=${rate}:duration=${seconds}`,
]
const sound = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`]

/** Begin and place of every tile of the first sheet. */
function cuesOf(directory: string): string[] {
  const text = readFileSync(join(directory, 'storyboard.vtt'), 'utf8')
  return [...text.matchAll(/^(\S+) --> .*\nstoryboard-0\.jpg#xywh=(.*)$/gm)].map(([, at, place]) => `${at} ${place}`)
}

function sizeOf(file: string): string {
  const args = ['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', file]
  return execFileSync('ffprobe', args).toString().trim()
}

/** Pictures that a player gets of a rendition from its first to its last. */
function framesOf(playlist: string): number {
  return execFileSync('ffprobe', [
    ...['-v', 'error', '-allowed_extensions', 'ALL', '-select_streams', 'v:0', '-count_frames'],
    ...['-show_entries', 'stream=nb_read_frames', '-of', 'csv=p=0', playlist],
  ])
    .toString()
    .split('\n')
    .map(Number)
    .find((count) => count > 0) as number
}

it('copies a top that browsers play, encodes the lower ones at its keyframes, and makes pictures', async () => {
  const file = make(
    'phone.mp4',
    ...picture('1280x720', 10, 13),
    ...sound(13),
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '2M', '-g', '10', '-bf', '2', '-c:a', 'aac', '-shortest'],
  )
  const { video, playable, progress, directory, facts } = await transcode(file)
  expect(facts.video).toMatchObject({ codec: 'h264', width: 1280, height: 720, isTurned: false })
  expect(video.renditions).toEqual(['720p', '480p', '360p'])
  expect(video.durationSeconds).toBeCloseTo(13, 0)
  expect(video).toMatchObject({ width: 1280, height: 720, hasThumbnail: true, hasStoryboard: true })
  expect(playable).toHaveLength(1)
  expect(playable[0]?.durationSeconds).toBeLessThan(13)
  expect(progress.every((percent) => percent >= 0 && percent <= 99)).toBe(true)
  for (const name of video.renditions) {
    expect(framesOf(join(directory, name, 'index.m3u8'))).toBe(130)
    const playlist = readFileSync(join(directory, name, 'index.m3u8'), 'utf8')
    expect(playlist).toMatch(/PLAYLIST-TYPE:VOD[\s\S]*#EXT-X-ENDLIST\n$/)
    expect(playlist.match(/EXTINF:[\d.]+/g)?.map((line) => Math.round(Number(line.slice(7))))).toEqual([4, 4, 4, 1])
  }
  const top = readFileSync(join(directory, 'index.m3u8'), 'utf8')
  expect(top).toMatch(/CODECS="avc1\.\w+,mp4a\.40\.2",RESOLUTION=1280x720,FRAME-RATE=10\.000\n720p\/index\.m3u8/)
  expect(cuesOf(directory)).toEqual(['00:00:00.000 0,0,160,90', '00:00:10.000 160,0,160,90'])
  expect(sizeOf(join(directory, 'thumbnail.jpg'))).toBe('640,360')
  expect(existsSync(join(root, 'work'))).toBe(false)
})

it('turns a phone’s picture, takes 60 frames down to 30, and encodes what browsers do not play', async () => {
  const flat = make('flat.mp4', ...picture('640x480', 60, 5), ...['-c:v', 'mpeg4', '-b:v', '2M'])
  const file = join(root, 'turned.mp4')
  writeFileSync(file, turned(readFileSync(flat)))
  const { video, directory, facts } = await transcode(file)
  expect(facts.video).toMatchObject({ codec: 'mpeg4', width: 480, height: 640, isTurned: true })
  expect(video).toMatchObject({ width: 480, height: 640, renditions: ['480p', '360p'] })
  expect(framesOf(join(directory, '360p', 'index.m3u8'))).toBeGreaterThan(148)
  expect(framesOf(join(directory, '360p', 'index.m3u8'))).toBeLessThan(153)
})

it('copies what is small enough already, with pictures of its keyframes', async () => {
  const small = [...picture('320x240', 10, 22), ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '30']]
  const { video, directory } = await transcode(make('small.mp4', ...small, '-b:v', '300k'))
  expect(video).toMatchObject({ renditions: ['240p'], hasThumbnail: true, hasStoryboard: true })
  expect(cuesOf(directory)).toEqual(['00:00:00.000 0,0,120,90', '00:00:12.000 120,0,120,90'])
  expect(sizeOf(join(directory, 'thumbnail.jpg'))).toBe('320,240')
})

it('makes an audio rendition of what is heard only', async () => {
  const { video, directory } = await transcode(make('talk.mp3', ...sound(6)))
  expect(video).toMatchObject({ renditions: ['audio'], width: null, height: null, hasThumbnail: false })
  expect(video.durationSeconds).toBeCloseTo(6, 0)
  expect(readFileSync(join(directory, 'index.m3u8'), 'utf8')).toContain('CODECS="mp4a.40.2"\naudio/index.m3u8')
})

it('keeps a file that is cut off as far as it goes', async () => {
  const whole = make('whole.mkv', ...picture('320x240', 25, 10), '-c:v', 'libx264', '-preset', 'ultrafast')
  const cut = join(root, 'cut.mkv')
  const bytes = readFileSync(whole)
  writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * 0.6)))
  const { video } = await transcode(cut)
  expect(video.durationSeconds).toBeGreaterThan(3)
  expect(video.durationSeconds).toBeLessThan(9)
})

it('stops at once when it is told to, and leaves nothing in its directory', async () => {
  const file = make('long.mp4', ...picture('640x360', 25, 60), '-c:v', 'mpeg4')
  const stop = new AbortController()
  const done = transcode(file, stop.signal)
  await expect.poll(() => existsSync(join(root, 'work')), { timeout: 10_000 }).toBe(true)
  stop.abort()
  await expect(done).rejects.toThrow(/abort/i)
  expect(existsSync(join(root, 'work'))).toBe(false)
})
