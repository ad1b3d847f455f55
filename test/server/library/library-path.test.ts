import { expect, it } from 'vitest'
import { tariffs, tariffsCheckedOn } from '../../../config/storage-tariffs.ts'
import { costOf, usageOf, writesOf } from '../../../server/library/cost.ts'
import {
  categoryOf,
  foldedPath,
  folderPrefix,
  hashOfKey,
  objectKey,
  printable,
  problemOfPath,
} from '../../../server/library/library-path.ts'
import { duration, percent, size } from '../../../server/library/words.ts'

it('takes any name but those that lead elsewhere or are no text', () => {
  for (const good of ['a', 'a b/ü/שלום', '..a', 'a..', '...', '-x', 'a\\..\\b', `${'x'.repeat(1023)}`]) {
    expect(problemOfPath(good), good).toBeNull()
  }
  for (const bad of ['', '/a', 'a/', 'a//b', '.', '..', 'a/../b', './a', 'a\0', '\ud800', 'x'.repeat(1025)]) {
    expect(problemOfPath(bad), JSON.stringify(bad)).not.toBeNull()
  }
})

it('makes keys of hashes, with an extension only when that is harmless', () => {
  const sha256 = `0f${'1'.repeat(62)}`
  expect(objectKey(sha256, 'a/B.MP4')).toBe(`library/0f/${sha256}.mp4`)
  for (const name of ['none', 'a.', 'a.tar/x', 'a.m p', 'a.ü', 'a.verylongone', 'a.$(x)', '.mp4/..']) {
    expect(objectKey(sha256, name), name).toBe(`library/0f/${sha256}`)
  }
  expect(hashOfKey(objectKey(sha256, 'a.mp4'))).toBe(sha256)
  for (const key of ['library/x', `library/ff/${sha256}`, `library/0f/${sha256}.mp4/x`, `videos/0f/${sha256}`]) {
    expect(hashOfKey(key), key).toBeNull()
  }
})

it('prints nothing that moves a cursor, turns the direction or is not seen', () => {
  expect(printable('a\u001b[31m\u202Egpj.exe\n\u200b')).toBe('a\\u{1b}[31m\\u{202e}gpj.exe\\u{a}\\u{200b}')
  expect(printable('видео שלום 💾')).toBe('видео שלום 💾')
})

it('counts a file under its folder', () => {
  expect(categoryOf('videos/reminders/a.mp4')).toBe('videos/reminders/')
  expect(categoryOf('videos/reminders/a.mp4', 1)).toBe('videos/')
  expect(categoryOf('a.mp4')).toBe('(no folder)')
  expect([folderPrefix(''), folderPrefix('a'), folderPrefix('/a/b/')]).toEqual(['', 'a/', 'a/b/'])
  expect(foldedPath('Cafe\u0301')).toBe(foldedPath('CAF\u00c9'))
})

it('never rounds up to all of it', () => {
  expect([percent(3345, 3346), percent(3346, 3346), percent(0, 3), percent(0, 0)]).toEqual([
    '99.97 %',
    '100 %',
    '0.00 %',
    '100 %',
  ])
  expect([size(0), size(999), size(1000), size(43_890_000_000), size(999_999)]).toEqual([
    '0 B',
    '999 B',
    '1.00 kB',
    '43.89 GB',
    '1.00 MB',
  ])
  expect([duration(4), duration(61), duration(7260)]).toEqual(['4 s', '1 min 1 s', '2 h 1 min'])
})

it('takes what is free from the price, for storage, requests and traffic', () => {
  const tariff = {
    name: 'R2',
    asOf: '2026-01-01',
    storedGb: 0.015,
    freeGb: 10,
    millionWrites: 4.5,
    freeWrites: 1_000_000,
    millionReads: 0.36,
    freeReads: 10_000_000,
    egressGb: 0.01,
    freeEgressGb: 100,
    freeEgressTimesStored: 3,
  }
  const usage = { storedBytes: 43.89e9, writes: 3_000_000, reads: 20_000_000, egressBytes: 331.67e9 }
  const [cost] = costOf(usage, [tariff])
  expect(cost?.storage).toBeCloseTo(33.89 * 0.015)
  expect(cost?.reads).toBeCloseTo(3.6)
  expect(cost?.egress).toBeCloseTo(1)
  expect(cost?.once).toBeCloseTo(9)
  expect(cost?.monthly).toBeCloseTo(33.89 * 0.015 + 3.6 + 1)
  expect([writesOf(1, 16, 8), writesOf(16, 16, 8), writesOf(17, 16, 8)]).toEqual([1, 1, 5])
})

it('prices the 3,346 files of 43.89 GB as the stores’ lists do', () => {
  const usage = { storedBytes: 43.89e9, writes: 3346, reads: 200_000_000, egressBytes: 331.67e9 }
  const monthly = Object.fromEntries(costOf(usage, tariffs).map((cost) => [cost.name, cost.monthly]))
  expect(monthly).toEqual({
    'Cloudflare R2': expect.closeTo(33.89 * 0.015 + 190 * 0.36, 2),
    'Backblaze B2': expect.closeTo(33.89 * 0.00695 + (331.67 - 3 * 43.89) * 0.01, 2),
    'Amazon S3': expect.closeTo(43.89 * 0.023 + 200 * 0.4 + 231.67 * 0.09, 2),
    'Google Cloud Storage': expect.closeTo(43.89 * 0.02 + 200 * 0.4 + 331.67 * 0.12, 2),
  })
  for (const { asOf } of tariffs) {
    expect(asOf).toMatch(/^20\d\d-[01]\d-[0-3]\d$/)
    expect(asOf <= tariffsCheckedOn).toBe(true)
  }
})

it('counts an object once, however many files are in it, and one that is not there yet not at all', () => {
  const row = (key: string | null, sizeBytes: number) => ({ key, sizeBytes })
  const rows = [row('a', 100), row('a', 100), row('b', 17 * 1024 * 1024), row(null, 5)]
  expect(usageOf(rows)).toEqual({ storedBytes: 17825892, objects: 2, writes: 1 + 5, reads: 2, egressBytes: 17825892 })
  expect(usageOf(rows, { reads: 7, egressBytes: 0 })).toMatchObject({ reads: 7, egressBytes: 0 })
})
