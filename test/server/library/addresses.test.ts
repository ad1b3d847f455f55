import { Registry } from 'prom-client'
import request from 'supertest'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { MigratingStore } from '../../../media/storage/migrating-store.ts'
import { openStore } from '../../../media/storage/open-store.ts'
import { createApp } from '../../../server/app.ts'
import { objectKey } from '../../../server/library/library-path.ts'
import { publicAddress, signedAddress } from '../../../server/library/signed-address.ts'
import { type S3Server, startS3 } from '../../support/s3.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let server: TestServer
let s3: S3Server

beforeAll(async () => {
  ;[server, s3] = await Promise.all([startServer(), startS3()])
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await s3?.[Symbol.asyncDispose]()
})

const key = objectKey('ab'.repeat(32), 'morning.mp4')

const pathOf = (url: string) => url.slice(server.config.publicUrl.length)

it('opens one file on disk for an hour, by nginx', async () => {
  const { store } = server.context
  await store.put(key, Buffer.from('video'))
  const url = await signedAddress(store, server.config, key)
  expect(url.startsWith(`${server.config.publicUrl}/api/library/files/`)).toBe(true)
  const answer = await request(server.server).get(pathOf(url)).expect(200)
  expect(answer.headers).toMatchObject({
    'x-accel-redirect': `/_store/${key}`,
    'content-type': 'video/mp4',
    'access-control-allow-origin': '*',
  })
})

it('opens nothing by an address that was edited, made for another file, or is too old', async () => {
  const { store } = server.context
  const path = pathOf(await signedAddress(store, server.config, key))
  const late = pathOf(await signedAddress(store, server.config, key, new Date(Date.now() - 3601_000)))
  const other = objectKey('cd'.repeat(32), 'other.mp4')
  const expires = /files\/(\d+)\//.exec(path)?.[1] ?? ''
  for (const bad of [
    late,
    path.replace(key, other),
    path.replace(expires, String(Number(expires) + 3600)),
    path.replace(/(files\/\d+\/)(.)/, (_all, start, char) => `${start}${char === 'A' ? 'B' : 'A'}`),
    path.replace(key, 'library/../recordings/x/index.m3u8'),
    path.replace(key, `library/ab/${'ab'.repeat(32)}`),
  ]) {
    const { status, headers } = await request(server.server).get(bad)
    expect([bad, status, headers['x-accel-redirect']]).toEqual([bad, 404, undefined])
  }
  await request(server.server).post(path).expect(404)
})

it('leads to S3, and sends by itself what is on its way there', async () => {
  const disk = openStore({ kind: 'disk', directory: `${server.config.dataDir}/old` })
  await disk.put(key, Buffer.from('on disk'))
  const store = new MigratingStore(openStore(s3.config), disk)
  const app = createApp({ ...server.context, metrics: new Registry(), store }).callback()
  const path = pathOf(await signedAddress(store, server.config, key))
  expect((await request(app).get(path).expect(200)).body.toString()).toBe('on disk')
  await store.put(key, Buffer.from('in S3'))
  const { headers } = await request(app).get(path).expect(302)
  expect(await (await fetch(headers.location ?? '')).text()).toBe('in S3')
  expect(await signedAddress(store, server.config, key)).toContain(s3.config.endpoint)
})

it('gives everybody a copy below public/, which caches keep for a day', async () => {
  const { store } = server.context
  await store.put(key, Buffer.from('video'))
  const url = await publicAddress(store, server.config, key)
  const answer = await request(server.server).get(pathOf(url)).expect(200)
  expect(answer.headers).toMatchObject({
    'x-accel-redirect': `/_store/public/library/${'ab'.repeat(32)}.mp4`,
    'cache-control': 'public, max-age=86400',
    'content-type': 'video/mp4',
  })
  await expect(publicAddress(store, server.config, objectKey('ee'.repeat(32), 'x'))).rejects.toMatchObject({
    code: 'not_found',
  })
})
