import { randomBytes } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openLibrary, type TestLibrary } from './library.ts'

let test: TestLibrary

beforeAll(async () => {
  test = await openLibrary()
})

afterAll(async () => {
  await test[Symbol.asyncDispose]()
})

const KILLS = 20

/** What the store would ask money for: uploads that were neither completed nor given up, and their parts. */
async function unfinishedUploads() {
  const folder = join(test.s3.directory, test.s3.config.bucket, '._S3rver_uploads')
  const ids = await readdir(folder).catch(() => [])
  return Promise.all(
    ids.map(async (id) => {
      const names = await readdir(join(folder, id))
      return { id, parts: names.filter((name) => /^\d+$/.test(name)).length }
    }),
  )
}

it('ends with every object right, after twenty kills at random moments', async () => {
  const small = Array.from({ length: 400 }, (_, i) => [`small/${i % 7}/${i}.jpg`, randomBytes(200 + i * 10)] as const)
  const large = Array.from({ length: 2 }, (_, i) => [`large/${i}.mp4`, randomBytes(26e6)] as const)
  const folder = await test.folder(Object.fromEntries([...small, ...large, ['small/again.jpg', large[0]?.[1] ?? '']]))
  // So that parts are under way for as long as most runs live.
  await test.s3.fail('PUT .*partNumber', 1000, { delayMs: 150 })
  let killed = 0
  let resumed = 0
  while (killed < KILLS) {
    // The first time in the midst of a large file's parts, whenever the machine comes to those.
    const [most, which] = killed === 0 ? [2, /PUT .*partNumber/] : [45, /./]
    const args = ['upload', folder, '--prefix', 'killed']
    const { code, out } = await test.commandKilledAfter(Math.ceil(Math.random() * most), which, args)
    // Where the machine is fast, the last ones find nothing to do.
    if (code !== null) expect([code, out]).toEqual([0, expect.stringContaining('0 failed')])
    killed++
    if ((await test.manifest.rows('killed/large')).some(({ unfinished }) => unfinished !== null)) resumed++
  }
  expect(resumed).toBeGreaterThan(0)
  await test.s3.heal()
  const last = await test.command(['upload', folder, '--prefix', 'killed'])
  expect([last.code, last.err.includes('Error')]).toEqual([0, false])
  const { code, out } = await test.command(['validate', '--deep'])
  expect([code, out]).toEqual([0, '100 %: 403 of 403 files are right, in 402 objects, each read whole.\n'])
  // Nothing is left that has to be paid for. Only who is killed before it could note an upload that it had begun leaves
  // that one, and a part is sent when it is noted: so there is none in it.
  const left = await unfinishedUploads()
  expect(left.filter(({ parts }) => parts > 0)).toEqual([])
  expect(await test.store.sweep(new Date(Date.now() + 60_000))).toBe(left.length)
  expect(await unfinishedUploads()).toEqual([])
  const again = await test.command(['upload', folder, '--prefix', 'killed'])
  expect(again.out).toContain(', 0 failed.')
  expect(again.out).toContain(': 0 sent (0 B)')
}, 120_000)
