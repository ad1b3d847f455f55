import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it, vi } from 'vitest'
import type { Archiver } from '../../../media/archive/archiver.ts'
import { detailOf } from '../../../media/files/detail.ts'
import type { Segment } from '../../../media/packager/packaged.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { makeClip } from '../packager/clips.ts'
import { aLadder } from '../packager/show.ts'
import { archiveClip, openArchiver, recoverArchivers, temporaryFolder } from './show.ts'

const run = promisify(execFile)
const size = { width: 160, height: 90 }

/** 33 s of a test picture, black but for the seconds from 20 to 22, through the muxer of every rendition. */
async function mostlyBlack(folder: string): Promise<Map<string, Buffer>> {
  const file = join(folder, 'black.mp4')
  await run('ffmpeg', [
    ...['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=10:duration=33'],
    ...['-vf', `drawbox=t=fill:color=black:enable='lt(t,20)+gt(t,22)'`, '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-g', '10', '-pix_fmt', 'yuv420p', '-f', 'mp4', '-output_ts_offset', '10', '-frag_duration', '1'],
    ...['-movflags', '+cmaf+empty_moov+default_base_moof+frag_keyframe+frag_discont', '-use_editlist', '0', file],
  ])
  return new Map([['top', await readFile(file)]])
}

/** Brightness, pixel by pixel, of a part of a picture. */
async function pixelsOf(file: string, x: number, y: number): Promise<Buffer> {
  const filter = `crop=${size.width}:${size.height}:${x}:${y}`
  const args = ['-v', 'error', '-i', file, '-vf', filter, '-f', 'rawvideo', '-pix_fmt', 'gray', '-']
  return (await run('ffmpeg', args, { encoding: 'buffer' })).stdout
}

/** Begin and place of every tile. */
async function cuesOf(archiver: Archiver): Promise<string[][]> {
  const file = await archiver.read(null, 'storyboard.vtt')
  const text = file && 'bytes' in file ? Buffer.from(file.bytes).toString() : ''
  return [...text.matchAll(/^(\S+) --> .*\nstoryboard-0\.jpg#xywh=(\d+),(\d+),160,90$/gm)].map((match) =>
    match.slice(1),
  )
}

it('shows each tile’s own moment, and a thumbnail that is not black', async () => {
  await using folder = await temporaryFolder()
  const store = new DiskStore(join(folder.path, 'store'))
  const renditions = aLadder('top').renditions
  await using archiver = await openArchiver({ directory: folder.path, store, renditions })
  const clip = await mostlyBlack(folder.path)
  const segments: Segment[] = []
  await archiveClip(
    { init: (...init) => archiver.init(...init), segment: (_, segment) => segments.push(segment) },
    clip,
  )
  let [elapsed, due, asked] = [0, 0, 0]
  for (const segment of segments) {
    archiver.segment('top', segment)
    if (elapsed >= due) {
      ;[due, asked] = [elapsed + 10, asked + 1]
      // As in life, each picture is made before the next is due.
      await vi.waitFor(async () => expect((await cuesOf(archiver)).length).toBe(asked), { timeout: 10_000 })
    }
    elapsed += segment.durationSeconds
  }
  await archiver.close(null)
  await archiver.uploaded
  const root = join(folder.path, 'store/recordings', archiver.grant.recording)
  const cues = await cuesOf(archiver)
  const details: number[] = []
  for (const [, x, y] of cues) {
    details.push(detailOf(await pixelsOf(join(root, 'storyboard-0.jpg'), Number(x), Number(y)), size))
  }
  expect(cues.map(([start]) => start)).toEqual(['00:00:00.000', '00:00:11.000', '00:00:21.000', '00:00:31.000'])
  expect(details.map((detail) => detail > 3)).toEqual([false, false, true, false])
  expect(detailOf(await pixelsOf(join(root, 'thumbnail.jpg'), 0, 0), size)).toBeGreaterThan(3)
  expect((await readdir(root)).sort()).toEqual([
    'index.m3u8',
    'storyboard-0.jpg',
    'storyboard.vtt',
    'thumbnail.jpg',
    'top',
  ])
})

it('has neither for sound without a picture', async () => {
  await using folder = await temporaryFolder()
  const store = new DiskStore(join(folder.path, 'store'))
  const renditions = aLadder('top').renditions.map((rendition) => ({ ...rendition, width: null, height: null }))
  await using archiver = await openArchiver({ directory: folder.path, store, renditions })
  await archiveClip(archiver, await makeClip({ seconds: 5, hasVideo: false }))
  expect(await archiver.close(null)).toMatchObject({ isPlayable: true, hasThumbnail: false, hasStoryboard: false })
  expect(await archiver.read(null, 'thumbnail.jpg')).toBeNull()
  expect(await archiver.read(null, 'storyboard.vtt')).toBeNull()
  await archiver.uploaded
})

it('goes on after a restart with another sheet, and keeps what was there', async () => {
  await using folder = await temporaryFolder()
  const store = new DiskStore(join(folder.path, 'store'))
  const renditions = aLadder('top').renditions
  const clip = await makeClip({ seconds: 5 })
  {
    await using archiver = await openArchiver({ directory: folder.path, store, renditions })
    await archiveClip(archiver, clip)
    await vi.waitFor(async () => expect(await cuesOf(archiver)).toHaveLength(1), { timeout: 10_000 })
  }
  const [archiver] = await recoverArchivers({ directory: folder.path, store })
  if (!archiver) throw new Error('nothing was recovered')
  const before = archiver.history.renditions[0]?.segments.length ?? 0
  await archiveClip(
    {
      init: () => {},
      segment: (rendition, segment) => archiver.segment(rendition, { ...segment, msn: before + segment.msn }),
    },
    clip,
  )
  await archiver.close(null)
  await archiver.uploaded
  expect(archiver.summary).toMatchObject({ hasThumbnail: true, hasStoryboard: true })
  const file = await archiver.read(null, 'storyboard.vtt')
  const vtt = file && 'bytes' in file ? Buffer.from(file.bytes).toString() : ''
  expect([...vtt.matchAll(/storyboard-\d\.jpg#xywh=0,0,160,90/g)].map(([cue]) => cue.slice(0, 16))).toEqual([
    'storyboard-0.jpg',
    'storyboard-1.jpg',
  ])
  for (const sheet of [0, 1]) {
    const stored = await store.head(`recordings/${archiver.grant.recording}/storyboard-${sheet}.jpg`)
    expect(stored?.size).toBeGreaterThan(1000)
  }
  await archiver.forget()
})
