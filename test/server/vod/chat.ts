import { json } from 'node:stream/consumers'
import type { User } from '../../../server/accounts/user.ts'
import { ChatMessage } from '../../../server/chat/chat-message.ts'
import type { ChatPieceJson, ReplayedMessageJson } from '../../../server/vod/contract.ts'
import { aPublisher, aRecording, type TestPublisher, type TestShow } from '../../support/factories.ts'
import type { TestServer } from '../../support/server.ts'

/** A show that is over, its playlist in the store, and words that were said in it. */
export interface TalkedShow extends TestShow {
  publisher: TestPublisher
  room: string
  /** Milliseconds since 1970: its first frame. */
  startMs: number
}

/** Stretches of picture: how long each is, and how long nothing came before it. Seconds. */
export type Stretches = readonly { seconds: number; holeBefore?: number }[]

/** As the archive writes it, in segments of ten seconds at most. */
export function aPlaylist(startMs: number, stretches: Stretches): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:6', '#EXT-X-TARGETDURATION:10', '#EXT-X-PLAYLIST-TYPE:VOD']
  let [ms, msn] = [startMs, 0]
  for (const { seconds, holeBefore = 0 } of stretches) {
    if (holeBefore > 0) lines.push('#EXT-X-DISCONTINUITY')
    ms += holeBefore * 1000
    for (let left = seconds; left > 0; left -= 10) {
      const duration = Math.min(10, left)
      lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(ms).toISOString()}`, `#EXTINF:${duration},`, `${msn++}.m4s`)
      ms += duration * 1000
    }
  }
  return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`
}

export async function aTalkedShow(
  server: TestServer,
  stretches: Stretches = [{ seconds: 60 }],
  options: { publisher?: TestPublisher; startMs?: number } = {},
): Promise<TalkedShow> {
  const { publisher = await aPublisher(server), startMs = Date.now() - 7_200_000 } = options
  const show = await aRecording(server, publisher.streamKey)
  const seconds = stretches.reduce((sum, stretch) => sum + stretch.seconds + (stretch.holeBefore ?? 0), 0)
  await server.context.orm.em
    .fork()
    .execute('update broadcast set started_at = ?, ended_at = ? where id = ?', [
      ...[new Date(startMs), new Date(startMs + seconds * 1000), show.broadcast],
    ])
  await server.context.store.put(
    `recordings/${show.recording}/720p/index.m3u8`,
    Buffer.from(aPlaylist(startMs, stretches)),
  )
  return { ...show, publisher, room: publisher.channel.chatRoom(), startMs }
}

let numbers = 0

/** @param at seconds since the show began, by the clock: when it was written, and what its author saw (null: nobody knows) */
export async function say(
  server: TestServer,
  show: TalkedShow,
  author: User,
  text: string,
  at: { sent: number; watched?: number | null; replyTo?: number },
): Promise<ChatMessage> {
  const em = server.context.orm.em.fork()
  const moment = (seconds: number) => new Date(show.startMs + seconds * 1000)
  const { sent, watched = null, replyTo = null } = at
  const message = em.create(ChatMessage, {
    room: show.room,
    epoch: 'e1',
    seq: ++numbers,
    author: author.id,
    authorName: author.firstName,
    rank: 1,
    text,
    replyTo,
    watchedAt: watched === null ? null : moment(watched),
    sentAt: moment(sent),
  })
  await em.flush()
  return message
}

/** What is written beside it, piece by piece. */
export async function writtenOf(server: TestServer, { recording }: TestShow): Promise<ReplayedMessageJson[][]> {
  const keys: string[] = []
  for await (const { key } of server.context.store.list(`recordings/${recording}/`)) {
    if (key.includes('/chat-')) keys.push(key)
  }
  const pieces = await Promise.all(
    keys.map(async (key) => [key, await json((await server.context.store.get(key)).body)] as const),
  )
  const found: ReplayedMessageJson[][] = []
  for (const [key, piece] of pieces) {
    found[Number(/chat-(\d+)\.json$/.exec(key)?.[1])] = (piece as ChatPieceJson).messages
  }
  return found
}

/** `at` and text of every message, over all pieces. */
export async function replayOf(server: TestServer, show: TestShow): Promise<[number, string][]> {
  return (await writtenOf(server, show)).flat().map(({ at, text }) => [at, text])
}
