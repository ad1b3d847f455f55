import { execFile } from 'node:child_process'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { parse, setOptions } from 'hls-parser'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Archiver } from '../../../media/archive/archiver.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import type { ObjectStore } from '../../../media/storage/object-store.ts'
import { S3Store } from '../../../media/storage/s3-store.ts'
import { checkMediaPlaylist } from '../../support/playlist-rules.ts'
import { type S3Server, startS3 } from '../../support/s3.ts'
import { aClip, archiveClip, filesOf, openArchiver, recoverArchivers, temporaryFolder } from './show.ts'

const run = promisify(execFile)
let s3: S3Server

beforeAll(async () => {
  setOptions({ strictMode: true })
  s3 = await startS3()
})

afterAll(() => s3[Symbol.asyncDispose]())

async function expectStored(store: ObjectStore, { grant }: Archiver, clip: Map<string, Buffer>): Promise<void> {
  for (const [file, bytes] of await filesOf(clip)) {
    const { body } = await store.get(`recordings/${grant.recording}/${file}`)
    expect((await buffer(body)).equals(bytes), file).toBe(true)
  }
  const top = await store.head(`recordings/${grant.recording}/index.m3u8`)
  expect(top?.size).toBeGreaterThan(100)
}

async function playlistOf(archiver: Archiver, rendition: string): Promise<string> {
  const file = await archiver.read(rendition, 'index.m3u8')
  if (!file || !('bytes' in file)) throw new Error(`no playlist of ${rendition}`)
  return Buffer.from(file.bytes).toString()
}

describe('while the object store is away', () => {
  it('waits with everything, plays from the spool, and then brings each file once', async () => {
    await using folder = await temporaryFolder()
    const store = new S3Store(s3.config)
    await using archiver = await openArchiver({ directory: folder.path, store })
    const clip = await aClip(6)
    await s3.stop()
    await archiveClip(archiver, clip)
    await vi.waitFor(() => expect(archiver.warnings).toContain('store_unavailable'))
    const summary = await archiver.close(null)

    expect(summary.isPlayable).toBe(true)
    parse(await playlistOf(archiver, 'top'))
    expect(await archiver.read('top', '0.m4s')).toHaveProperty('file')
    const before = s3.requests.length
    await s3.start()
    await archiver.uploaded
    expect(archiver.warnings.size).toBe(0)
    await expectStored(store, archiver, clip)
    const media = s3.requests.slice(before).filter((request) => /^PUT .*\.(mp4|m4s)(\?|$)/.test(request))
    expect(media.length).toBe((await filesOf(clip)).size)
    expect(new Set(media).size).toBe(media.length)
    const puts = s3.requests.slice(before).filter((request) => request.startsWith('PUT '))
    expect(puts.at(-1)).toBe(`PUT /media/recordings/${archiver.grant.recording}/index.m3u8`)
    await archiver.forget()
    expect(await archiver.read('top', '0.m4s')).toHaveProperty('redirect')
  })
})

describe('while the disk is full', () => {
  it('goes on out of memory, into the store', async () => {
    await using folder = await temporaryFolder()
    const store = new S3Store(s3.config)
    const limits = { reserveBytes: Number.MAX_SAFE_INTEGER }
    await using archiver = await openArchiver({ directory: folder.path, store, limits })
    const clip = await aClip(6)
    await archiveClip(archiver, clip)
    await vi.waitFor(() => expect(archiver.warnings).toContain('disk_full'))
    expect(await archiver.close(null)).toMatchObject({ isPlayable: true })
    await archiver.uploaded
    await expectStored(store, archiver, clip)
    expect(archiver.lostSegments).toBe(0)
    expect(await archiver.read('low', '1.m4s')).toHaveProperty('redirect')
    await archiver.forget()
  })

  it('says what is lost when the store is away too, and lets the show go on', async () => {
    await using folder = await temporaryFolder()
    const away: ObjectStore = Object.assign(new DiskStore(join(folder.path, 'store')), {
      put: () => Promise.reject(new Error('away')),
    })
    const limits = { reserveBytes: Number.MAX_SAFE_INTEGER, memoryBytes: 600_000 }
    await using archiver = await openArchiver({ directory: folder.path, store: away, limits })
    await archiveClip(archiver, await aClip(14))
    const summary = await archiver.close(null)
    expect(archiver.lostSegments).toBeGreaterThan(0)
    expect([...archiver.warnings].sort()).toEqual(['disk_full', 'store_unavailable'])
    expect(summary.isPlayable).toBe(true)
    for (const rendition of summary.renditions) {
      const text = await playlistOf(archiver, rendition)
      parse(text)
      const { segments } = checkMediaPlaylist(text)
      for (const { uri, isGap } of segments) {
        expect((await archiver.read(rendition, uri)) !== null, `${rendition}/${uri}`).toBe(!isGap)
      }
    }
    await archiver[Symbol.asyncDispose]()
  })

  // Only root may mount a file system that is full when the test says so.
  for (const kind of process.getuid?.() === 0 ? ['disk', 's3'] : []) {
    it(`takes up again what waited, when there is room on a real one (store: ${kind})`, async () => {
      await using folder = await temporaryFolder()
      await using small = await mountTmpfs(join(folder.path, 'small'), '4m')
      const store = kind === 's3' ? new S3Store(s3.config) : new DiskStore(join(folder.path, 'store'))
      const put = store.put.bind(store)
      store.put = () => Promise.reject(new Error('away'))
      await using archiver = await openArchiver({ directory: small.path, store })
      const clip = await aClip(6)
      const filler = join(small.path, 'filler')
      await writeFile(filler, Buffer.alloc(8_000_000)).catch((error: NodeJS.ErrnoException) => {
        expect(error.code).toBe('ENOSPC')
      })
      await archiveClip(archiver, clip)
      await vi.waitFor(() => expect(archiver.warnings).toContain('disk_full'))
      await rm(filler)
      await vi.waitFor(() => expect(archiver.warnings).not.toContain('disk_full'), { timeout: 10_000 })
      store.put = put
      await archiver.close(null)
      await archiver.uploaded
      expect(archiver.lostSegments).toBe(0)
      await expectStored(store, archiver, clip)
      await archiver[Symbol.asyncDispose]()

      // The journal has caught up as well.
      const [again] = await recoverArchivers({ directory: small.path, store })
      expect(again?.summary).toEqual(archiver.summary)
      await again?.forget()
    })
  }

  for (const size of process.getuid?.() === 0 ? ['1m'] : []) {
    it('makes room of what the store has already, for a show that is larger than the disk', async () => {
      await using folder = await temporaryFolder()
      await using small = await mountTmpfs(join(folder.path, 'small'), size)
      const store = new S3Store(s3.config)
      await using archiver = await openArchiver({ directory: small.path, store })
      const clip = await aClip(14)
      const total = [...(await filesOf(clip)).values()].reduce((sum, { length }) => sum + length, 0)
      expect(total).toBeGreaterThan(1_100_000)
      await archiveClip(archiver, clip)
      await archiver.close(null)
      await archiver.uploaded
      expect(archiver.lostSegments).toBe(0)
      await expectStored(store, archiver, clip)
      for (const file of ['0.m4s', '4.m4s', 'init-0.mp4']) expect(await archiver.read('top', file)).not.toBeNull()
      await archiver.forget()
      expect(await readdir(join(small.path, 'spool'))).toEqual([])
    })
  }
})

async function mountTmpfs(path: string, size: string): Promise<AsyncDisposable & { path: string }> {
  await mkdir(path)
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path])
  return {
    path,
    async [Symbol.asyncDispose]() {
      await run('umount', ['-l', path])
    },
  }
}
