import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Fact, Journal, lineOf, parseJournal, readJournal } from '../../../media/archive/journal.ts'
import { aLadder } from '../packager/show.ts'
import { aGrant, temporaryFolder } from './show.ts'

const segment = (msn: number): Fact => ({
  fact: 'segment',
  rendition: 'top',
  msn,
  durationSeconds: 2,
  programDateTimeMs: 1_700_000_000_000 + 2000 * msn,
  isDiscontinuous: msn === 2,
  init: 0,
  size: 1000 + msn,
  sha256: 'ab'.repeat(32),
})

const facts: Fact[] = [
  {
    fact: 'opened',
    version: 1,
    grant: { ...aGrant(), title: 'Ä title in “two lines”\n— and more' },
    startedAtMs: 1_700_000_000_000,
    segmentTargetMs: 2000,
    partTargetMs: 210,
    renditions: aLadder('top', 'low').renditions,
  },
  {
    fact: 'init',
    rendition: 'top',
    index: 0,
    codecs: 'avc1.64001f,mp4a.40.2',
    width: 160,
    height: 90,
    size: 900,
    sha256: 'cd'.repeat(32),
  },
  segment(0),
  { fact: 'stored', file: 'top/0.m4s' },
  segment(1),
  { fact: 'lost', rendition: 'top', msn: 1 },
  segment(2),
  { fact: 'closed', endedAtMs: 1_700_000_006_000, cause: null },
  { fact: 'reported', report: 'closed' },
  { fact: 'whole' },
]

describe('the journal', () => {
  it('has every whole line and nothing else, wherever its writer was stopped', () => {
    const bytes = Buffer.from(facts.map(lineOf).join(''))
    const ends = facts.map((_, i) =>
      Buffer.byteLength(
        facts
          .slice(0, i + 1)
          .map(lineOf)
          .join(''),
      ),
    )
    for (let cut = 0; cut <= bytes.length; cut++) {
      const read = parseJournal(bytes.subarray(0, cut))
      const whole = ends.filter((end) => end <= cut).length
      expect(read.facts).toEqual(facts.slice(0, whole))
      expect(read.length).toBe(ends[whole - 1] ?? 0)
      expect(read.damaged).toBe(0)
    }
  })

  it('goes on behind the last whole line, over what was torn', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'broadcast', 'journal')
    {
      await using journal = new Journal(file, 0)
      for (const fact of facts.slice(0, 3)) journal.append(fact)
    }
    await appendFile(file, lineOf(segment(99)).slice(0, -20))
    const { length } = await readJournal(file)
    {
      await using journal = new Journal(file, length)
      for (const fact of facts.slice(3)) journal.append(fact)
      await journal.flushed()
      expect((await readJournal(file)).facts).toEqual(facts)
    }
    expect((await readJournal(file)).facts).toEqual(facts)
  })

  it('loses one fact to a damaged line, and says so', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'journal')
    const bytes = Buffer.from(facts.map(lineOf).join(''))
    bytes.write('?', Buffer.byteLength(facts.slice(0, 2).map(lineOf).join('')) + 30)
    await writeFile(file, bytes)
    const read = await readJournal(file)
    expect(read.facts).toEqual(facts.toSpliced(2, 1))
    expect(read).toMatchObject({ damaged: 1, length: bytes.length })
  })

  it('writes nothing after it was disposed of', async () => {
    await using folder = await temporaryFolder()
    const file = join(folder.path, 'journal')
    const journal = new Journal(file, 0)
    journal.append(segment(0))
    await journal[Symbol.asyncDispose]()
    journal.append(segment(1))
    await journal[Symbol.asyncDispose]()
    expect(await readFile(file, 'utf8')).toBe(lineOf(segment(0)))
  })

  it('says that there is none', async () => {
    await expect(readJournal('/nowhere/journal')).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
