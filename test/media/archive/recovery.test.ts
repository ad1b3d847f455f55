import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect, it, vi } from 'vitest'
import { Archiver } from '../../../media/archive/archiver.ts'
import { Packager } from '../../../media/packager/packager.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { checkMediaPlaylist } from '../../support/playlist-rules.ts'
import { aLadder } from '../packager/show.ts'
import { aClip, aGrant, archiveClip, filesOf, openArchiver, recoverArchivers, silent, temporaryFolder } from './show.ts'

const storeIn = (directory: string) => new DiskStore(join(directory, 'store'))

function only(archivers: Archiver[]): Archiver {
  const [archiver, ...others] = archivers
  if (!archiver || others.length > 0) throw new Error(`${archivers.length} were recovered`)
  return archiver
}

it('has everything of a process that was killed, but what it had not written yet; numbers go on', async () => {
  await using folder = await temporaryFolder()
  const grant = aGrant()
  const child = fork(new URL('./archiving-child.ts', import.meta.url), [folder.path, JSON.stringify(grant), '3'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  let kept = 0
  child.on('message', (count: number) => {
    kept = count
  })
  await vi.waitFor(() => expect(kept).toBeGreaterThan(16), { timeout: 40_000, interval: 1 })
  child.kill('SIGKILL')
  await once(child, 'exit')

  await using archiver = only(await recoverArchivers({ directory: folder.path, store: storeIn(folder.path) }))
  expect(archiver).toMatchObject({ grant, isClosed: false, lostSegments: 0, startedAtMs: 1_700_000_000_000 })
  for (const { segments } of archiver.history.renditions) {
    expect(segments.map(({ msn }) => msn)).toEqual(segments.map((_, i) => i))
    expect(segments.filter(({ isGap }) => isGap)).toEqual([])
    expect(segments.length).toBeGreaterThanOrEqual(kept)
  }

  const packager = new Packager({ partTargetMs: 210, segmentTargetMs: 2000, sink: archiver, resume: archiver.history })
  const next = Math.max(...archiver.history.renditions.map(({ segments }) => segments.length))
  const clip = await aClip(6)
  const outputs = new Map([...clip].map(([name, bytes]) => [name, piecesOf(bytes)]))
  const startedAtMs = 1_700_000_100_000
  await packager.run({ outputs, ladder: aLadder('top', 'low'), startedAtMs })
  await archiver.close('publisher_lost')
  await archiver.uploaded
  for (const { segments, inits } of archiver.history.renditions) {
    expect(inits).toHaveLength(1)
    expect(segments.at(-1)?.msn).toBeGreaterThan(next + 1)
  }
  const root = join(folder.path, 'store/recordings', grant.recording)
  const { segments: listed } = checkMediaPlaylist(await readFile(join(root, 'top/index.m3u8'), 'utf8'))
  const stored = new Set(await readdir(join(root, 'top')))
  // One rendition may have had its segment on disk when the kill came, and the other not.
  const missing = listed.filter(({ uri }) => !stored.has(uri))
  expect(missing.length).toBeLessThan(2)
  expect(missing.every(({ isGap }) => isGap)).toBe(true)
  expect(listed.length).toBeGreaterThan(kept)
})

async function* piecesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes
}

it('goes on uploading what was closed, remembers cause and reports, and leaves no folder behind', async () => {
  await using folder = await temporaryFolder()
  const away = { ...storeIn(folder.path), kind: 'disk' as const, put: () => Promise.reject(new Error('away')) }
  const store = storeIn(folder.path)
  await using first = await openArchiver({ directory: folder.path, store: Object.assign(storeIn(folder.path), away) })
  await archiveClip(first, await aClip(6))
  const summary = await first.close('cut')
  first.acknowledge('closed')
  expect(first.warnings).toContain('store_unavailable')
  await first[Symbol.asyncDispose]()

  await using second = only(await recoverArchivers({ directory: folder.path, store }))
  expect(second).toMatchObject({ isClosed: true, ending: { cause: 'cut' } })
  expect([second.has('closed'), second.has('ended')]).toEqual([true, false])
  // A picture that waited for its turn may have come since.
  const { hasThumbnail: _, hasStoryboard: __, ...lasting } = summary
  expect(await second.close('publisher_lost')).toMatchObject(lasting)
  expect(second.ending?.cause).toBe('cut')
  await second.uploaded
  for (const [file, bytes] of await filesOf(await aClip(6))) {
    const path = join(folder.path, 'store/recordings', second.grant.recording, file)
    expect((await readFile(path)).equals(bytes), file).toBe(true)
  }
  second.acknowledge('ended')
  await second[Symbol.asyncDispose]()

  await using third = only(
    await recoverArchivers({ directory: folder.path, store: Object.assign(storeIn(folder.path), away) }),
  )
  await third.close(null)
  await third.uploaded
  expect(third.has('ended')).toBe(true)
  await third.forget()
  expect(await readdir(join(folder.path, 'spool'))).toEqual([])
  // Who still plays it has the files from the store.
  expect(await third.read('top', '0.m4s')).toMatchObject({ bytes: expect.any(Uint8Array) })
  expect(await recoverArchivers({ directory: folder.path, store })).toEqual([])
})

it('goes on with every broadcast, though the store breaks off in the middle of a file that it alone has', async () => {
  await using folder = await temporaryFolder()
  const store = storeIn(folder.path)
  const first = await openArchiver({ directory: folder.path, store })
  await archiveClip(first, await aClip(6))
  await vi.waitFor(async () => {
    const journal = await readFile(join(folder.path, 'spool', first.grant.broadcast, 'journal'), 'utf8')
    expect(journal).toContain('{"fact":"stored","file":"top/init-0.mp4"}')
  })
  await first[Symbol.asyncDispose]()
  await rm(join(folder.path, 'spool', first.grant.broadcast, 'top/init-0.mp4'))

  const breaking = Object.assign(storeIn(folder.path), {
    get: async () => ({ body: Readable.from(brokenOff()), size: 9, contentType: null }),
  })
  await using second = only(await recoverArchivers({ directory: folder.path, store: breaking }))
  expect(second).toMatchObject({ isClosed: false, lostSegments: 0 })
})

async function* brokenOff(): AsyncGenerator<Buffer> {
  yield Buffer.from('half')
  throw new Error('the line broke')
}

it('finds segments that did not survive a loss of power, and the recording says where they were', async () => {
  await using folder = await temporaryFolder()
  const store = storeIn(folder.path)
  const never = Object.assign(storeIn(folder.path), { put: () => Promise.reject(new Error('away')) })
  await using first = await openArchiver({ directory: folder.path, store: never })
  await archiveClip(first, await aClip(14))
  await first[Symbol.asyncDispose]()
  const spool = join(folder.path, 'spool', first.grant.broadcast)
  // One rendition lacks it, both lack it, and one has something else in its place.
  await truncate(join(spool, 'top/2.m4s'), 10)
  for (const rendition of ['top', 'low']) await rm(join(spool, rendition, '4.m4s'))
  const { length } = await readFile(join(spool, 'low/5.m4s'))
  await writeFile(join(spool, 'low/5.m4s'), Buffer.alloc(length))

  await using second = only(await recoverArchivers({ directory: folder.path, store }))
  const [top] = second.history.renditions
  expect(top?.segments.filter(({ isGap }) => isGap).map(({ msn }) => msn)).toEqual([2, 4])
  await second.close(null)
  await second.uploaded
  expect(second.lostSegments).toBe(4)
  const text = async (rendition: string) =>
    readFile(join(folder.path, 'store/recordings', second.grant.recording, rendition, 'index.m3u8'), 'utf8')
  const [high, low] = [await text('top'), await text('low')]
  expect(high).toMatch(/#EXT-X-GAP\n#EXTINF:[\d.]+,\n2\.m4s/)
  expect(low).toMatch(/#EXT-X-GAP\n#EXTINF:[\d.]+,\n5\.m4s/)
  for (const playlist of [high, low]) {
    expect(playlist.match(/#EXT-X-GAP/g)).toHaveLength(1)
    expect(playlist).not.toContain('\n4.m4s')
    expect(playlist).toMatch(/\n3\.m4s\n#EXT-X-DISCONTINUITY\n/)
  }
})

it('leaves out a rendition whose init segment did not survive', async () => {
  await using folder = await temporaryFolder()
  const never = Object.assign(storeIn(folder.path), { put: () => Promise.reject(new Error('away')) })
  await using first = await openArchiver({ directory: folder.path, store: never })
  await archiveClip(first, await aClip(6))
  await first[Symbol.asyncDispose]()
  await rm(join(folder.path, 'spool', first.grant.broadcast, 'low/init-0.mp4'))
  await using second = only(await recoverArchivers({ directory: folder.path, store: storeIn(folder.path) }))
  expect(await second.close(null)).toMatchObject({ isPlayable: true, renditions: ['top'] })
})

it('puts aside what it cannot read, and removes what never began or was nearly gone', async () => {
  await using folder = await temporaryFolder()
  const spool = join(folder.path, 'spool')
  const [empty, torn, unreadable] = [aGrant().broadcast, aGrant().broadcast, aGrant().broadcast]
  await mkdir(join(spool, empty, 'top'), { recursive: true })
  await mkdir(join(spool, torn), { recursive: true })
  await writeFile(join(spool, torn, 'journal'), '12345678 {"fact":"ope')
  await mkdir(join(spool, unreadable), { recursive: true })
  await writeFile(join(spool, unreadable, 'journal'), '12345678 {"fact":"opened"}\n')
  await mkdir(join(spool, 'lost+found'), { recursive: true })
  expect(await recoverArchivers({ directory: folder.path, store: storeIn(folder.path) })).toEqual([])
  expect((await readdir(spool)).sort()).toEqual(['lost+found', `${unreadable}.unreadable`].sort())
  const context = { config: { dataDir: join(folder.path, 'never') }, store: storeIn(folder.path), logger: silent }
  expect(await Archiver.recover(context)).toEqual([])
})
