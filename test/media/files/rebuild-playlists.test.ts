import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import HLS from 'hls-parser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rebuildPlaylists } from '../../../media/files/rebuild-playlists.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { clip } from '../../support/clips.ts'

const run = promisify(execFile)
const id = 'a'.repeat(24)
const startedAtMs = Date.parse('2026-01-02T03:04:05.000Z')
let directory: string
let store: DiskStore

/** A show of 7 s in two renditions, as the archive leaves it: segments, and no playlist. */
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'ustat-rebuild-'))
  store = new DiskStore(directory)
  const source = await clip({ seconds: 7 })
  for (const [name, height] of [
    ['180p', 180],
    ['90p', 90],
  ] as const) {
    const folder = join(directory, 'recordings', id, name)
    await mkdir(folder, { recursive: true })
    await run('ffmpeg', [
      ...['-v', 'error', '-i', source, '-vf', `scale=-2:${height}`, '-c:v', 'libx264', '-preset', 'ultrafast'],
      ...['-g', '30', '-sc_threshold', '0', '-c:a', 'aac', '-movflags', '+default_base_moof', '-f', 'hls'],
      ...['-hls_time', '2', '-hls_segment_type', 'fmp4', '-hls_fmp4_init_filename', 'init-0.mp4'],
      ...['-hls_segment_filename', `${folder}/%d.m4s`, `${folder}/scratch.m3u8`],
    ])
    await rm(join(folder, 'scratch.m3u8'))
  }
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const text = (path: string) => readFile(join(directory, 'recordings', id, path), 'utf8')
const lengthOf = async () => {
  const path = join(directory, 'recordings', id, 'index.m3u8')
  const { stdout } = await run('ffprobe', [
    '-v',
    'error',
    '-allowed_extensions',
    'ALL',
    '-show_entries',
    'format=duration',
    '-of',
    'csv=p=0',
    path,
  ])
  return Number(stdout)
}

describe('a recording whose media process is gone', () => {
  it('is nothing when the store has no segment of it', async () => {
    expect(await rebuildPlaylists(store, 'b'.repeat(24), startedAtMs)).toBeNull()
  })

  it('gets its playlists from its segments, and plays whole', async () => {
    const found = await rebuildPlaylists(store, id, startedAtMs)
    expect(found).toMatchObject({ width: 320, height: 180, renditions: ['180p', '90p'], hasThumbnail: false })
    expect(found?.durationSeconds).toBeCloseTo(7, 0)
    const top = HLS.parse(await text('index.m3u8'))
    expect(top.isMasterPlaylist && top.variants.map(({ uri, codecs }) => [uri, codecs?.split(',').length])).toEqual([
      ['180p/index.m3u8', 2],
      ['90p/index.m3u8', 2],
    ])
    const playlist = HLS.parse(await text('90p/index.m3u8'))
    if (playlist.isMasterPlaylist) throw new Error('not a media playlist')
    expect(playlist.endlist).toBe(true)
    expect(playlist.segments.map(({ uri }) => uri)).toEqual(['0.m4s', '1.m4s', '2.m4s', '3.m4s'])
    expect(playlist.segments[0]?.programDateTime?.getTime()).toBe(startedAtMs)
    expect(await lengthOf()).toBeCloseTo(7, 0)
  })

  it('says where something is missing', async () => {
    await store.delete([`recordings/${id}/90p/1.m4s`])
    const found = await rebuildPlaylists(store, id, startedAtMs)
    expect(found?.durationSeconds).toBeCloseTo(5, 0)
    const playlist = HLS.parse(await text('90p/index.m3u8'))
    if (playlist.isMasterPlaylist) throw new Error('not a media playlist')
    expect(playlist.segments.map(({ uri, discontinuity }) => [uri, Boolean(discontinuity)])).toEqual([
      ['0.m4s', false],
      ['2.m4s', true],
      ['3.m4s', false],
    ])
    expect(await readdir(join(directory, 'recordings', id))).toContain('index.m3u8')
  })
})
