import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { processVideo } from '../../../server/videos/process-video.job.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { upload } from './uploading.ts'

let server: TestServer
let root: string
beforeAll(async () => {
  server = await startServer()
  root = mkdtempSync(join(tmpdir(), 'ustat-long-'))
})
afterAll(async () => {
  rmSync(root, { recursive: true, force: true })
  await server[Symbol.asyncDispose]()
})

it('ten hours of one picture a second are a video', { timeout: 180_000 }, async () => {
  const file = join(root, 'long.mp4')
  const input = 'color=size=64x48:rate=1:duration=36000'
  const encode = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '600', '-pix_fmt', 'yuv420p']
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', input, ...encode, file])
  const agent = await server.signIn(await server.register())
  const id = await upload(agent, readFileSync(file))
  await processVideo(server.context, id, new AbortController().signal)
  const { body } = await agent.get(`/api/videos/${id}/`)
  expect(body).toMatchObject({ status: 'ready', renditions: ['48p'] })
  expect(body.duration_seconds).toBeCloseTo(36_000, -2)
  expect(body.storyboard_url).not.toBeNull()
})
