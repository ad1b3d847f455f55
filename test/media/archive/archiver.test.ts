import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse, setOptions } from 'hls-parser'
import { beforeAll, describe, expect, it } from 'vitest'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { checkMediaPlaylist } from '../../support/playlist-rules.ts'
import { aClip, archiveClip, openArchiver, temporaryFolder } from './show.ts'

const run = promisify(execFile)

beforeAll(() => setOptions({ strictMode: true }))

describe('Archiver', () => {
  it('makes a show a recording that ffprobe plays from the store, with thumbnail and storyboard', async () => {
    await using folder = await temporaryFolder()
    const store = new DiskStore(join(folder.path, 'store'))
    await using archiver = await openArchiver({ directory: folder.path, store })
    await archiveClip(archiver, await aClip(6))
    const summary = await archiver.close(null)

    expect(summary).toMatchObject({ isPlayable: true, width: 160, height: 90, renditions: ['top', 'low'] })
    expect(summary.durationSeconds).toBeCloseTo(6, 0)
    await archiver.uploaded
    expect(archiver.summary).toMatchObject({ hasThumbnail: true, hasStoryboard: true })
    const root = join(folder.path, 'store/recordings', archiver.grant.recording)
    const { stdout } = await run('ffprobe', [
      ...['-v', 'error', '-allowed_extensions', 'ALL', '-show_entries', 'format=duration:stream=codec_name'],
      ...['-of', 'json', join(root, 'index.m3u8')],
    ])
    const probed = JSON.parse(stdout) as { format: { duration: string }; streams: { codec_name: string }[] }
    expect(Number(probed.format.duration)).toBeCloseTo(6, 0)
    expect(new Set(probed.streams.map(({ codec_name }) => codec_name))).toEqual(new Set(['h264', 'aac']))
    for (const rendition of ['top', 'low']) {
      const file = await archiver.read(rendition, 'index.m3u8')
      const text = file && 'bytes' in file ? Buffer.from(file.bytes).toString() : ''
      parse(text)
      expect(checkMediaPlaylist(text).segments.length).toBeGreaterThan(2)
    }
    const storyboard = await archiver.read(null, 'storyboard.vtt')
    const cues = storyboard && 'bytes' in storyboard ? Buffer.from(storyboard.bytes).toString() : ''
    expect(cues.match(/#xywh=0,0,160,90/g)).toHaveLength(1)
    expect(await readFile(join(root, 'storyboard.vtt'), 'utf8')).toBe(cues)
    const size = async (file: string) => {
      const args = ['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', join(root, file)]
      return (await run('ffprobe', args)).stdout.trim()
    }
    expect(await size('thumbnail.jpg')).toBe('160,90')
    expect(await size('storyboard-0.jpg')).toBe('800,450')
    await archiver.forget()
  })
})
