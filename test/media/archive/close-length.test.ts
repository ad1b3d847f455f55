import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, setOptions } from 'hls-parser'
import { expect, it, vi } from 'vitest'
import { type Fact, lineOf } from '../../../media/archive/journal.ts'
import { DiskStore } from '../../../media/storage/disk-store.ts'
import { aLadder } from '../packager/show.ts'
import { aGrant, recoverArchivers, temporaryFolder } from './show.ts'

const operations = vi.hoisted(() => ({ count: 0 }))

/** Counts what the archive asks of the file system by name; reads and writes of open files come on top of an open. */
vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof import('node:fs/promises')>()
  const counted = Object.fromEntries(
    Object.entries(original).map(([name, value]) => [
      name,
      typeof value === 'function'
        ? (...args: unknown[]) => {
            operations.count += 1
            return Reflect.apply(value, original, args)
          }
        : value,
    ]),
  )
  return { ...counted, default: original }
})

/** A show that was archived up to its end, but not closed. */
async function archivedShow(directory: string, segments: number) {
  const grant = aGrant()
  const opened: Fact = {
    fact: 'opened',
    version: 1,
    grant,
    startedAtMs: 1_700_000_000_000,
    segmentTargetMs: 2000,
    partTargetMs: 210,
    renditions: aLadder('top', 'low').renditions,
  }
  const facts: Fact[] = [opened]
  const sha256 = 'ab'.repeat(32)
  for (const rendition of ['top', 'low']) {
    facts.push(
      { fact: 'init', rendition, index: 0, codecs: 'avc1.64001f', width: 160, height: 90, size: 900, sha256 },
      { fact: 'stored', file: `${rendition}/init-0.mp4` },
    )
    for (let msn = 0; msn < segments; msn++) {
      facts.push(
        {
          fact: 'segment',
          rendition,
          msn,
          durationSeconds: 2,
          programDateTimeMs: opened.startedAtMs + 2000 * msn,
          isDiscontinuous: false,
          init: 0,
          size: 1_000_000,
          sha256,
        },
        { fact: 'stored', file: `${rendition}/${msn}.m4s` },
      )
    }
  }
  const folder = join(directory, 'spool', grant.broadcast)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'journal'), facts.map(lineOf).join(''))
  const [archiver] = await recoverArchivers({ directory, store: new DiskStore(join(directory, 'store')) })
  if (!archiver) throw new Error('nothing was recovered')
  return archiver
}

it('closes a show of 10,000 segments with as little as one of 10', async () => {
  setOptions({ strictMode: true })
  const counts: number[] = []
  for (const segments of [10, 10_000]) {
    await using folder = await temporaryFolder()
    await using archiver = await archivedShow(folder.path, segments)
    operations.count = 0
    const summary = await archiver.close(null)
    counts.push(operations.count)
    expect(summary).toMatchObject({ isPlayable: true, durationSeconds: 2 * segments, sizeBytes: 2e6 * segments + 1800 })
    const file = await archiver.read('low', 'index.m3u8')
    const text = file && 'bytes' in file ? Buffer.from(file.bytes).toString() : ''
    expect(parse(text)).toMatchObject({ endlist: true, segments: { length: segments } })
    await archiver.uploaded
    await archiver.forget()
  }
  expect(counts[1]).toBe(counts[0])
  expect(counts[1]).toBeLessThan(20)
})
