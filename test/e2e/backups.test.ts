import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'

let platform: Platform
const running = new AsyncDisposableStack()
beforeAll(async () => {
  platform = running.use(await startPlatform())
})
afterAll(() => running.disposeAsync())

/** As `npm run admin -- …` runs it beside a platform. */
async function admin(dataDir: string, ...words: string[]) {
  const child = spawn(process.execPath, ['server/admin/cli.ts', ...words], {
    env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: 'node_modules/.cache/node', DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [printed, complaint, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { printed, complaint, code }
}

describe('an operator', () => {
  let name = ''

  it('starts a platform that has nothing to complain of', () => {
    expect(platform.log()).not.toMatch(/"level":(?:40|50|60)|warn|error/i)
  })

  it('makes a backup beside a running platform, and sees it in the list', async () => {
    expect((await admin(platform.dataDir, 'backups')).printed).toMatch(/^There is none\./)
    const made = await admin(platform.dataDir, 'backup')
    expect(made).toMatchObject({ code: 0, complaint: expect.stringContaining('Backing up') })
    expect(made.printed).toMatch(/^\S+ is made: \d+ rows in [\d.]+ kB, beside \d+ media objects of .*, in \d+ s\.\n$/)
    name = made.printed.split(' ')[0] ?? ''
    const listed = await admin(platform.dataDir, 'backups')
    expect(listed.printed.split('\n')[1]).toMatch(new RegExp(`^${name}  .* kB   whole: \\d+ rows`))
    expect(listed.complaint).toBe('')
  })

  it('finds no address outside that leads to it', async () => {
    const call = await platform.signIn('admin@ustat.local')
    const file = `backups/${name}/users.copy.gz`
    const paths = [
      '',
      '/_store',
      '/api',
      '/api/files',
      '/api/files/public',
      '/api/files/library/..%2f..',
      '/vod',
      '/assets/..%2f..',
      '/store',
    ]
    for (const path of paths) {
      const answer = await call(`${path}/${file}`)
      const body = Buffer.from(await answer.arrayBuffer())
      expect([path, body.subarray(0, 2).toString('hex')]).not.toEqual([path, '1f8b'])
      // A page's address that is not known is a page that says so.
      expect([path, answer.status === 404 || /text\/html/.test(answer.headers.get('content-type') ?? '')]).toEqual([
        path,
        true,
      ])
    }
  })

  it('is refused over a platform in use', async () => {
    const refused = await admin(platform.dataDir, 'restore', name, '--yes')
    expect(refused).toMatchObject({ code: 1, printed: '' })
    expect(refused.complaint).toMatch(
      /The database is not empty, .*start with a new DATA_DIR and DEMO=0\. Nothing was changed\.\n$/,
    )
  })

  it('restores it into a new one, which then is the old one', async () => {
    // The disk is lost, but for what was copied from it before.
    const directory = mkdtempSync(join(tmpdir(), 'ustat-restored-'))
    running.defer(() => rmSync(directory, { recursive: true, force: true }))
    chmodSync(directory, 0o711)
    const dataDir = join(directory, 'data')
    for (const kept of ['store', 'secrets.json']) {
      cpSync(join(platform.dataDir, kept), join(dataDir, kept), { recursive: true })
    }
    rmSync(join(dataDir, 'store', 'public'), { recursive: true })
    const fresh = running.use(await startPlatform({ DEMO: '0', DATA_DIR: dataDir }))
    expect(await admin(dataDir, 'restore', '1999')).toMatchObject({
      code: 1,
      complaint: 'There is no backup 1999: `backups` lists those there are.\n',
    })
    const checked = await admin(dataDir, 'restore', name.slice(0, 15))
    expect(checked).toMatchObject({ code: 0, printed: expect.stringMatching(/is whole: .*\n.*add --yes\.\n$/) })
    expect((await fetch(`${fresh.url}/api/courses/`).then((answer) => answer.json())).count).toBe(0)

    const restored = await admin(dataDir, 'restore', name, '--yes')
    expect(restored.code).toBe(0)
    expect(restored.printed).toMatch(
      /^\d+ rows are restored as of .*\n\d+ of \d+ media objects are not in the store: copy them there\./,
    )
    expect(restored.printed).toMatch(/Restart what runs of the platform now\.\n$/)
    const both = await Promise.all(
      [platform, fresh].map(async ({ url }) => (await fetch(`${url}/api/courses/`)).json()),
    )
    expect(both[1].count).toBeGreaterThan(0)
    expect(both[1].count).toBe(both[0].count)
    const call = await fresh.signIn('student@ustat.local')
    const mine = await (await call('/api/enrollments/')).json()
    expect(mine.count).toBeGreaterThan(0)
    const keyOf = async (at: Platform) =>
      (await (await at.signIn('teacher@ustat.local'))('/api/channels/me/stream-key/')).json()
    expect((await keyOf(fresh)).stream_key).toBe((await keyOf(platform)).stream_key)
    expect(fresh.log()).not.toMatch(/warn|error/i)
    // A whole platform is started in here.
  }, 120_000)
})
