import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Call, type Platform, startPlatform } from '../support/platform.ts'
import { guestOf, slug, untilLive, untilOffline, untilRecorded } from './channel.ts'
import { publish } from './publisher.ts'

let platform: Platform

beforeAll(async () => {
  platform = await startPlatform({ LOG_LEVEL: 'trace' })
})

afterAll(() => platform?.[Symbol.asyncDispose]())

it('is nowhere but with its owner and in the database, after all that can happen to it', async () => {
  const key = await platform.streamKey()
  const url = `${platform.rtmpUrl}/${key}`
  const owner = await platform.signIn('teacher@ustat.local')
  const told: { where: string; text: string }[] = []
  const look = async (call: Call, path: string, where: string) => {
    const answer = await call(path)
    const headers = [...answer.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
    const body = Buffer.from(await answer.arrayBuffer()).toString('latin1')
    told.push({ where: `${where} ${path}`, text: `${headers}\n${body}` })
    return body
  }

  const publisher = await publish(url)
  const { broadcast, recording, playbackUrl } = await untilLive(platform)
  // Refusals, which are the usual places to say too much: a second publisher, other apps and names, a player.
  for (const address of [
    url,
    `${platform.rtmpUrl}/${key}x`,
    `${platform.rtmpUrl}/${key}/../${key}`,
    url.replace('/live/', '/other/'),
    `${platform.rtmpUrl}?key=${key}`,
  ]) {
    await ffmpeg('-re', '-f', 'lavfi', '-i', 'testsrc2=duration=2', '-c:v', 'libx264', '-f', 'flv', address)
  }
  await ffmpeg('-i', url, '-t', '1', '-f', 'null', '-')
  // A wrong key in a place where addresses are logged.
  for (const path of [`/live/${key}`, `/api/channels/${key}/`, `/vod/${key}/x`, `/c/${key}`]) {
    await (await guestOf(platform)(path)).arrayBuffer()
  }
  const playlists = await look(fetch, playbackUrl, 'live')
  for (const [uri = ''] of playlists.matchAll(/^[^#\n].*m3u8$/gm)) {
    await look(fetch, new URL(uri, playbackUrl).href, 'live')
    await look(fetch, new URL(uri.replace('index', 'dvr'), playbackUrl).href, 'live')
  }
  const audiences: [string, Call][] = [
    ['guest', guestOf(platform)],
    ['student', await platform.signIn('student@ustat.local')],
    ['admin', await platform.signIn('admin@ustat.local')],
    ['owner', owner],
  ]
  const answers = ['/api/live/', `/api/channels/${slug}/`, '/api/channels/me/', '/api/auth/me/', '/api/auth/sessions/']
  const show = [
    `/api/broadcasts/${broadcast}/`,
    `/api/broadcasts/${broadcast}/health/`,
    `/api/recordings/${recording}/`,
  ]
  for (const [who, call] of audiences) for (const path of [...answers, ...show]) await look(call, path, who)
  told.push({ where: 'command lines', text: commandLinesBelow(platform.pid) })
  // The key is what its owner gets to see, and nobody else.
  expect(await (await owner('/api/channels/me/stream-key/')).text()).toContain(key)
  for (const [who, call] of audiences.slice(0, 3)) await look(call, '/api/channels/me/stream-key/', who)

  await publisher.stop()
  const { playback_url, storyboard_url } = await untilRecorded(platform, recording)
  await untilOffline(platform, broadcast)
  const second = await publish(url)
  await untilLive(platform)
  // Rotated while it publishes: the old one is cut, and is as secret as before.
  expect((await owner('/api/channels/me/stream-key/', { method: 'POST', body: '{}' })).status).toBe(200)
  await expect.poll(() => platform.log(), { timeout: 15_000 }).toMatch(/rotated|cut/)
  await second.stop()

  await look(fetch, platform.url + playback_url, 'recorded')
  await look(fetch, platform.url + playback_url.replace('index', '480p/index'), 'recorded')
  await look(fetch, platform.url + storyboard_url, 'recorded')
  for (const [who, call] of audiences) {
    for (const path of [...answers, ...show, '/api/recordings/', '/', '/health', '/readyz']) await look(call, path, who)
  }
  for (const name of ['api', 'media', 'worker', 'chat-1', 'chat-2'] as const) {
    for (const path of ['/metrics', '/health']) {
      told.push({ where: `${name} ${path}`, text: (await platform.askInside(name, path)).body })
    }
  }
  told.push({ where: 'what was printed', text: platform.log() })
  for (const file of await filesOf(platform.dataDir)) {
    const bytes = await readFile(file)
    told.push({ where: file, text: `${file}\n${bytes.toString('latin1')}` })
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) told.push({ where: file, text: gunzipSync(bytes).toString('latin1') })
  }

  expect(told.length).toBeGreaterThan(100)
  expect(told.some(({ where }) => where.endsWith('/logs/access.log'))).toBe(true)
  expect(told.find(({ where }) => where === 'media /metrics')?.text).toMatch(/^# HELP/m)
  const forms = formsOf(key)
  const leaks = told.flatMap(({ where, text }) =>
    forms.filter((form) => text.includes(form)).map((form) => [where, form]),
  )
  expect(leaks).toEqual([])
}, 120_000)

/** Whatever becomes of it. */
async function ffmpeg(...args: string[]): Promise<void> {
  await promisify(execFile)('ffmpeg', ['-v', 'quiet', ...args], { timeout: 8000 }).catch(() => {})
}

/** As it is, in hexadecimal, and in base64 wherever it may begin in a longer text. */
function formsOf(key: string): string[] {
  const shifted = [0, 1, 2].map((pad) =>
    Buffer.from('x'.repeat(pad) + key)
      .toString('base64')
      .slice(pad + 1, -4),
  )
  return [key, encodeURIComponent(key), Buffer.from(key).toString('hex'), ...shifted]
}

/** PostgreSQL's own files aside: there it is encrypted, and its owner's. */
async function filesOf(dataDir: string): Promise<string[]> {
  const entries = await readdir(dataDir, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(join(dataDir, 'postgres')))
    .map(({ parentPath, name }) => join(parentPath, name))
}

function commandLinesBelow(root: number): string {
  const parents = new Map<number, { parent: number; text: string }>()
  for (const file of globSync('/proc/[0-9]*/stat')) {
    try {
      const [pid = '', , , parent = ''] = readFileSync(file, 'utf8').split(' ')
      const text = ['cmdline', 'environ'].map((name) => readFileSync(file.replace(/stat$/, name), 'latin1')).join('\n')
      parents.set(Number(pid), { parent: Number(parent), text })
    } catch {
      // It has ended, or is another user's.
    }
  }
  const isBelow = (pid: number): boolean => pid === root || (parents.has(pid) && isBelow(parents.get(pid)?.parent ?? 0))
  return [...parents].flatMap(([pid, { text }]) => (isBelow(pid) ? [text] : [])).join('\n')
}
