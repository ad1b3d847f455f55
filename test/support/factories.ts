import { randomBytes } from 'node:crypto'
import type { User } from '../../server/accounts/user.ts'
import { Channel } from '../../server/channels/channel.ts'
import type { TestServer } from './server.ts'

/** A teacher with a channel, and the key that opens it. */
export interface TestPublisher {
  user: User
  channel: Channel
  streamKey: string
}

export async function aPublisher(server: TestServer): Promise<TestPublisher> {
  const user = await server.register('teacher')
  const channel = await server.context.orm.em.fork().findOneOrFail(Channel, { owner: user })
  return { user, channel, streamKey: server.context.streamKeys.reveal(channel.streamKeyCipher) }
}

/** What the api answered a publisher's node. */
export interface TestShow {
  channel: string
  broadcast: string
  recording: string
}

/** A publisher at the door of a node. */
export async function authorize(server: TestServer, streamKey: string, node = 'm1'): Promise<TestShow> {
  const answer = await server
    .internal('/ingest/authorize', { stream_key: streamKey, node, address: '192.0.2.1' })
    .expect(200)
  return answer.body
}

/** A show that viewers can watch. */
export async function aLiveShow(server: TestServer, streamKey: string, node = 'm1'): Promise<TestShow> {
  const show = await authorize(server, streamKey, node)
  await beat(server, [show.broadcast], node)
  await server
    .internal(`/broadcasts/${show.broadcast}/started`, {
      event_id: `${show.broadcast}:started`,
      node,
      started_at: new Date().toISOString(),
    })
    .expect(204)
  return show
}

/** @returns what the node is to cut */
export async function beat(
  server: TestServer,
  broadcasts: string[],
  node = 'm1',
  url = 'unix:/nowhere',
): Promise<string[]> {
  const answer = await server
    .internal(`/nodes/${node}/beat`, { url, rtmp_url: 'rtmp://ustat.test:1935/live', broadcasts })
    .expect(200)
  return answer.body.cut
}

/** A show that is over, with its recording in the store. */
export async function aRecording(
  server: TestServer,
  streamKey: string,
  { isUploaded = true, node = 'm1' } = {},
): Promise<TestShow> {
  const show = await aLiveShow(server, streamKey, node)
  await server
    .internal(`/recordings/${show.recording}/closed`, closed(show, { is_uploaded: isUploaded, node }))
    .expect(204)
  await server
    .internal(`/broadcasts/${show.broadcast}/ended`, {
      event_id: `${show.broadcast}:ended`,
      node,
      ended_at: new Date().toISOString(),
      cause: null,
    })
    .expect(204)
  return show
}

export function closed(show: TestShow, differences: object = {}): object {
  return {
    event_id: `${show.broadcast}:closed-${randomBytes(4).toString('hex')}`,
    node: 'm1',
    broadcast: show.broadcast,
    is_playable: true,
    duration_seconds: 12.5,
    width: 1280,
    height: 720,
    renditions: ['720p', '480p'],
    size_bytes: 1_000_000,
    has_thumbnail: true,
    has_storyboard: true,
    is_uploaded: true,
    ...differences,
  }
}
