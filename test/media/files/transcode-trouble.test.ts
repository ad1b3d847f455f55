import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { probeFile } from '../../../media/files/probe-file.ts'
import { TranscodeError, transcodeVideo } from '../../../media/files/transcode-video.ts'
import { isWholeSegment } from '../../../media/files/whole-segment.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import type { ObjectStore } from '../../../media/storage/object-store.ts'
import { ObjectStoreError } from '../../../media/storage/object-store.ts'
import { S3Store } from '../../../media/storage/s3-store.ts'
import { startS3 } from '../../support/s3.ts'

let root: string
let file: string
/** Takes ffmpeg many times as long as anything here waits. */
let long: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ustat-trouble-'))
  file = film('film.mp4', 'testsrc2=size=320x240:rate=25:duration=20')
  long = film('long.mp4', 'testsrc2=size=320x240:rate=25:duration=120', '-c:v', 'mpeg4')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function film(name: string, input: string, ...encode: string[]): string {
  const codec = encode.length > 0 ? encode : ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50']
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', input, ...codec, '-pix_fmt', 'yuv420p', join(root, name)])
  return join(root, name)
}

async function transcode(from: string, store: ObjectStore, work: string, patienceMs = 30_000) {
  return transcodeVideo({
    ...{
      file: from,
      facts: await probeFile(from),
      directory: work,
      store,
      prefix: 'videos/v',
      signal: new AbortController().signal,
      patienceMs,
    },
    ...{ onProgress: () => {}, onPlayable: async () => {} },
  })
}

/** Pids of what was started with a text in its command. */
function processesOf(text: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith('ffmpeg\0') &&
        readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text)
      )
    } catch {
      return false
    }
  })
}

it('a disk that fills up fails the attempt, and never makes a video with a hole', async () => {
  const work = join(root, 'full')
  const done = transcode(long, new DiskStore(join(root, 'store')), work)
  done.catch(() => {})
  // ffmpeg itself ends with 0 then.
  await vi.waitFor(
    () => {
      const [attempt = ''] = readdirSync(work)
      symlinkSync('/dev/full', join(work, attempt, '240p', '3.m4s.tmp'))
    },
    { timeout: 15_000, interval: 1 },
  )
  const error = await done.catch((error: unknown) => error)
  expect(String(error)).toMatch(/3\.m4s is cut off/)
  expect(error).not.toBeInstanceOf(TranscodeError)
  expect(existsSync(work)).toBe(false)
})

it('a segment is whole with its last byte and no sooner', async () => {
  const of = join(root, 'segments')
  mkdirSync(of)
  execFileSync('ffmpeg', [
    ...['-v', 'error', '-i', file, '-t', '4', '-c', 'copy', '-f', 'hls', '-hls_segment_type', 'fmp4'],
    ...['-hls_segment_filename', join(of, '%d.m4s'), join(of, 'index.m3u8')],
  ])
  const bytes = readFileSync(join(of, '0.m4s'))
  expect(await isWholeSegment(join(of, '0.m4s'))).toBe(true)
  for (const length of [0, 7, 8, 100, bytes.indexOf('mdat') - 4, bytes.length - 1]) {
    writeFileSync(join(of, 'cut'), bytes.subarray(0, length))
    expect([length, await isWholeSegment(join(of, 'cut'))]).toEqual([length, false])
  }
})

it('an ffmpeg that is killed, for want of memory say, fails the attempt alone', async () => {
  const work = join(root, 'killed')
  const done = transcode(long, new DiskStore(join(root, 'store')), work)
  done.catch(() => {})
  await vi.waitFor(() => expect(processesOf(work)).toHaveLength(1), { timeout: 15_000, interval: 5 })
  process.kill(Number(processesOf(work)[0]), 'SIGKILL')
  await expect(done).rejects.toThrow(/killed/)
  await expect(done).rejects.not.toBeInstanceOf(TranscodeError)
})

it('ffmpeg runs below everything live, and ends with a worker that is killed', async () => {
  const work = join(root, 'orphan')
  const code = `
    import { runLimited } from './media/files/limited-process.ts'
    const args = ['-v', 'error', '-re', '-i', process.argv[1], '-f', 'null', '-metadata', 'title=' + process.argv[2], '-']
    runLimited('ffmpeg', args, new AbortController().signal)
  `
  const worker = spawn(process.execPath, ['--input-type=module', '-e', code, long, work], { stdio: 'inherit' })
  await vi.waitFor(() => expect(processesOf(work)).toHaveLength(1), { timeout: 15_000, interval: 20 })
  const [pid] = processesOf(work)
  // Of proc(5)'s stat 19 is how nice it is and 41 its policy, SCHED_BATCH, when what starts it has made room for it.
  await vi.waitFor(() => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ') ?? []
    expect([fields[16], fields[38]].map(Number)).toEqual([Math.min(19, getPriority() + 15), 3])
  })
  worker.kill('SIGKILL')
  await once(worker, 'exit')
  await vi.waitFor(() => expect(processesOf(work)).toEqual([]), { timeout: 5000, interval: 10 })
})

it('a store that is slow, answers 500 or asks for fewer requests gets every object all the same; one that stays away ends the attempt', async () => {
  await using s3 = await startS3()
  const store = new S3Store(s3.config)
  const segment = '^PUT /media/videos/v/240p/\\d'
  await s3.fail(`${segment}`, 2, { status: 503, code: 'SlowDown' })
  await s3.fail(`${segment}`, 1, { status: 500, code: 'InternalError' })
  await s3.fail(`${segment}`, 1, { cut: true })
  await s3.fail('^PUT /media/videos/v/', 2, { delayMs: 300 })
  const { durationSeconds, sizeBytes } = await transcode(file, store, join(root, 's3'))
  expect(durationSeconds).toBeCloseTo(20, 0)
  const segments: number[] = []
  for await (const { key, size } of store.list('videos/v/')) if (key.endsWith('.m4s')) segments.push(size)
  expect(segments).toHaveLength(5)
  expect(segments.reduce((sum, size) => sum + size, 0)).toBe(sizeBytes)
  await s3.stop()
  const error = await transcode(file, new S3Store(s3.config), join(root, 's3'), 1000).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(ObjectStoreError)
  expect(processesOf(join(root, 's3'))).toEqual([])
})
