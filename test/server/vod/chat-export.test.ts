import { text } from 'node:stream/consumers'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ObjectStore, ObjectStoreError } from '../../../media/storage/object-store.ts'
import type { User } from '../../../server/accounts/user.ts'
import { ChatMessage } from '../../../server/chat/chat-message.ts'
import { ranks } from '../../../server/chat/protocol.ts'
import { RoomStore } from '../../../server/chat/room-store.ts'
import { deleteRecordingFiles } from '../../../server/vod/delete-recording-files.job.ts'
import { Recording } from '../../../server/vod/recording.ts'
import { writeChat } from '../../../server/vod/write-chat.ts'
import { writeDueChats } from '../../../server/vod/write-due-chats.job.ts'
import { aCourse, aModule, anEnrollment } from '../../support/courses.ts'
import { aLiveShow, aPublisher, aRecording } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { aTalkedShow, replayOf, say, type TalkedShow, writtenOf } from './chat.ts'

let server: TestServer
let anna: User
let boris: User
beforeAll(async () => {
  server = await startServer()
  ;[anna, boris] = [await server.register('student', 'Anna'), await server.register('student', 'Boris')]
  await server.context.redis.ping()
})
afterAll(() => server?.[Symbol.asyncDispose]())

const em = () => server.context.orm.em.fork()
const write = () => writeDueChats(server.context)
const dueOf = async ({ recording }: TalkedShow) => {
  const { chatPieces, chatDueAt } = await em().findOneOrFail(Recording, { id: recording })
  return { chatPieces, isDue: Boolean(chatDueAt && chatDueAt <= new Date()) }
}
/** The store of the server, but for how it takes an object. */
const storeWith = (put: ObjectStore['put']): ObjectStore =>
  new Proxy(server.context.store, {
    get(store, name) {
      const value: unknown = Reflect.get(store, name)
      if (name === 'put') return put
      return typeof value === 'function' ? value.bind(store) : value
    },
  })

describe('a message stands at the picture', () => {
  it('that its author saw; a moment before it was sent when nobody knows; holes take no time', async () => {
    const show = await aTalkedShow(server, [{ seconds: 60 }, { seconds: 60, holeBefore: 30 }])
    await say(server, show, anna, 'far behind', { sent: 100, watched: 10 })
    await say(server, show, boris, 'nobody knows', { sent: 42 })
    await say(server, show, anna, 'at the end of the first', { sent: 60, watched: 58.5 })
    await say(server, show, boris, 'is it gone?', { sent: 75, watched: 74 })
    await say(server, show, anna, 'back again', { sent: 95, watched: 93 })
    await write()
    expect(await replayOf(server, show)).toEqual([
      [10, 'far behind'],
      [40, 'nobody knows'],
      [58.5, 'at the end of the first'],
      [60, 'is it gone?'],
      [63, 'back again'],
    ])
    expect(await dueOf(show)).toEqual({ chatPieces: 1, isDue: false })
  })

  it('that there is: a time that cannot be is not believed, farewells stand at the end', async () => {
    const show = await aTalkedShow(server)
    await say(server, show, anna, 'from the future', { sent: 30, watched: 9_000_000 })
    await say(server, show, anna, 'from before', { sent: 31, watched: -400_000 })
    await say(server, show, anna, 'at once', { sent: 1 })
    await say(server, show, boris, 'thank you', { sent: 70, watched: 60 })
    await say(server, show, boris, 'bye', { sent: 80 })
    await say(server, show, boris, 'anybody still here?', { sent: 100 })
    await say(server, show, boris, 'does it begin?', { sent: -20 })
    await write()
    expect(await replayOf(server, show)).toEqual([
      [0, 'at once'],
      [29, 'from before'],
      [30, 'from the future'],
      [60, 'thank you'],
      [60, 'bye'],
    ])
  })

  it('of its own show: the next one of the channel has its own', async () => {
    const first = await aTalkedShow(server)
    const second = await aTalkedShow(server, [{ seconds: 60 }], {
      publisher: first.publisher,
      startMs: first.startMs + 65_000,
    })
    await say(server, first, anna, 'in the first', { sent: 50 })
    await say(server, first, anna, 'between', { sent: 64 })
    await say(server, second, anna, 'in the second', { sent: 5 })
    const elsewhere = await aTalkedShow(server, [{ seconds: 60 }], { startMs: first.startMs })
    await write()
    expect(await replayOf(server, first)).toEqual([
      [48, 'in the first'],
      [60, 'between'],
    ])
    expect(await replayOf(server, second)).toEqual([[3, 'in the second']])
    expect(await replayOf(server, elsewhere)).toEqual([])
  })
})

describe('the pieces', () => {
  it('are of ten minutes each, empty ones too, and a border belongs to the later', async () => {
    const show = await aTalkedShow(server, [{ seconds: 1860 }])
    for (const watched of [0, 599.9, 600, 1800]) {
      await say(server, show, anna, `at ${watched}`, { sent: watched + 1, watched })
    }
    await write()
    const texts = (await writtenOf(server, show)).map((piece) => piece.map(({ text: said }) => said))
    expect(texts).toEqual([['at 0', 'at 599.9'], ['at 600'], [], ['at 1800']])
  })

  it('say who, as what, and to whom; who left has no name', async () => {
    const show = await aTalkedShow(server)
    const leaver = await server.register('student', 'Leaver')
    const question = await say(server, show, leaver, 'Why? '.repeat(40), { sent: 10 })
    const answer = await say(server, show, boris, 'Because', { sent: 20, replyTo: question.seq })
    await write()
    const quote = 'Why? '.repeat(40).slice(0, 120)
    expect((await writtenOf(server, show))[0]?.[1]).toEqual({
      at: 18,
      id: answer.id,
      author: { id: boris.id, name: 'Boris' },
      rank: ranks.member,
      text: 'Because',
      reply_to: { name: 'Leaver', text: quote },
      sent_at: new Date(show.startMs + 20_000).toISOString(),
    })

    const admin = await server.signIn(await server.register('admin'))
    await admin.delete(`/api/admin/users/${leaver.id}/`).expect(204)
    await write()
    expect((await writtenOf(server, show))[0]).toMatchObject([
      { author: { name: 'Deleted account' } },
      { reply_to: { name: 'Deleted account' } },
    ])
  })

  it('hold what the room has said and nobody has kept yet', async () => {
    const show = await aTalkedShow(server, [{ seconds: 60 }], { startMs: Date.now() - 30_000 })
    const rooms = new RoomStore(server.context.redis)
    await rooms.restore(show.room, { slow: 0, mode: 'all', frozen: false, notices: 'moderators', emotes: 0 }, [])
    const sender = { uid: `u:${anna.id}`, rank: ranks.member, modes: ['all' as const] }
    const line = { k: 'msg' as const, u: sender.uid, n: 'Anna', r: ranks.member, at: show.startMs + 12_000 }
    await rooms.send(show.room, sender, 'cid-00000001', { ...line, b: 'just now' })
    await rooms.send(show.room, sender, 'cid-00000002', { ...line, b: 'a slip' })
    await rooms.append(show.room, { k: 'del', u: sender.uid, of: 2 }, [{ kind: 'delete', s: 2 }])
    await write()
    expect(await replayOf(server, show)).toEqual([[12, 'just now']])
    // Somebody may yet say good-bye.
    const { chatDueAt } = await em().findOneOrFail(Recording, { id: show.recording })
    expect(chatDueAt?.getTime()).toBe(show.startMs + 100_000)
    await writeChat(server.context, show.recording, show.startMs + 101_000)
    expect((await em().findOneOrFail(Recording, { id: show.recording })).chatDueAt).toBeNull()
  })

  it('are the same however often and by however many they are written', async () => {
    const show = await aTalkedShow(server, [{ seconds: 700 }])
    for (let i = 0; i < 30; i++) await say(server, show, anna, `message ${i}`, { sent: 5, watched: 4 })
    await Promise.all(Array.from({ length: 8 }, () => writeChat(server.context, show.recording)))
    const [first] = await writtenOf(server, show)
    expect(first?.map(({ text: said }) => said)).toEqual(Array.from({ length: 30 }, (_, i) => `message ${i}`))
    await write()
    expect((await writtenOf(server, show))[0]).toEqual(first)
    expect(await dueOf(show)).toEqual({ chatPieces: 2, isDue: false })
  })

  it('are fewer when the recording turns out shorter', async () => {
    const show = await aTalkedShow(server, [{ seconds: 1300 }])
    await write()
    expect(await writtenOf(server, show)).toHaveLength(3)
    const short = await aTalkedShow(server, [{ seconds: 500 }])
    const playlist = (id: string) => `recordings/${id}/720p/index.m3u8`
    await server.context.store.copy(playlist(short.recording), playlist(show.recording))
    await em().execute('update recording set chat_due_at = now() where id = ?', [show.recording])
    await write()
    expect(await writtenOf(server, show)).toHaveLength(1)
  })

  it('go with the recording', async () => {
    const show = await aTalkedShow(server)
    await say(server, show, anna, 'here', { sent: 5 })
    await write()
    await (await server.signIn(show.publisher.user)).delete(`/api/recordings/${show.recording}/`).expect(204)
    await deleteRecordingFiles(server.context.store, show.recording)
    expect(await writtenOf(server, show)).toEqual([])
    // A writer that comes late finds nothing to write beside.
    await writeChat(server.context, show.recording)
    expect(await writtenOf(server, show)).toEqual([])
  })

  it('are not written of a recording that is live, failed, or without a playlist', async () => {
    const { streamKey } = await aPublisher(server)
    const live = await aLiveShow(server, streamKey)
    await writeChat(server.context, live.recording)
    expect(await writtenOf(server, live)).toEqual([])
    const bare = await aRecording(server, (await aPublisher(server)).streamKey)
    await write()
    const { chatPieces, chatDueAt } = await em().findOneOrFail(Recording, { id: bare.recording })
    expect([chatPieces, chatDueAt]).toEqual([0, null])
  })
})

describe('when something goes wrong', () => {
  it('what was killed in the midst is written by the next run', async () => {
    const show = await aTalkedShow(server, [{ seconds: 1300 }])
    await say(server, show, anna, 'first', { sent: 5 })
    await say(server, show, anna, 'last', { sent: 1295 })
    let puts = 0
    const dying = storeWith(async (...args) => {
      puts += 1
      if (puts === 2) throw new ObjectStoreError('unavailable', 'gone')
      return server.context.store.put(...args)
    })
    await writeDueChats({ ...server.context, store: dying })
    expect(await dueOf(show)).toEqual({ chatPieces: 0, isDue: true })
    await write()
    expect(await replayOf(server, show)).toEqual([
      [3, 'first'],
      [1293, 'last'],
    ])
    expect(await dueOf(show)).toEqual({ chatPieces: 3, isDue: false })
  })

  it('a message that is deleted while the pieces are written is not in them for long', async () => {
    const show = await aTalkedShow(server, [{ seconds: 700 }])
    const slip = await say(server, show, anna, 'a slip', { sent: 5 })
    const slow = storeWith(async (...args) => {
      await em().nativeUpdate(ChatMessage, { id: slip.id }, { text: '', deletedAt: new Date() })
      return server.context.store.put(...args)
    })
    await writeChat({ ...server.context, store: slow }, show.recording)
    expect(await dueOf(show)).toEqual({ chatPieces: 2, isDue: true })
    await write()
    expect(await replayOf(server, show)).toEqual([])
    expect(await dueOf(show)).toEqual({ chatPieces: 2, isDue: false })
  })
})

it('fifty deletions at once, while the pieces are being written, leave none of the messages', async () => {
  const show = await aTalkedShow(server)
  const slips = await Promise.all(
    Array.from({ length: 50 }, (_, i) => say(server, show, anna, `slip ${i}`, { sent: 5 })),
  )
  await say(server, show, boris, 'stays', { sent: 9 })
  await write()
  expect(await replayOf(server, show)).toHaveLength(51)
  await Promise.all([
    ...slips.map(({ id }) => em().nativeUpdate(ChatMessage, { id }, { text: '', deletedAt: new Date() })),
    ...Array.from({ length: 5 }, () => writeChat(server.context, show.recording)),
  ])
  await write()
  expect(await replayOf(server, show)).toEqual([[7, 'stays']])
  expect(await dueOf(show)).toEqual({ chatPieces: 1, isDue: false })
})

describe('who may watch a recording', () => {
  const get = (path: string) => request(server.server).get(path)
  const urlOf = (template: string, piece: number) => template.replace('{piece}', String(piece))

  it('may read its chat, which nobody keeps, and nobody else may', async () => {
    const show = await aTalkedShow(server, [{ seconds: 700 }])
    const other = await aTalkedShow(server)
    const path = (id: string) => `/api/recordings/${id}/`
    expect((await server.visitor().get(path(show.recording)).expect(200)).body).toMatchObject({
      chat_url: null,
      chat_pieces: 0,
    })
    await write()
    const { body } = await server.visitor().get(path(show.recording)).expect(200)
    expect(body.chat_pieces).toBe(2)
    for (const piece of [0, 1]) {
      const answer = await get(urlOf(body.chat_url, piece)).expect(200)
      expect(answer.get('x-accel-redirect')).toBe(`/_store/recordings/${show.recording}/chat-${piece}.json`)
      expect(answer.get('content-type')).toMatch(/^application\/json/)
      expect(answer.get('cache-control')).toBe('private, no-store')
    }
    for (const piece of ['2', '99999', '-1', '00x', '../chat-0']) {
      const missing = body.chat_url.replace('{piece}', piece)
      expect((await get(missing)).status).toBe(404)
    }
    // The token of one recording opens no other.
    const stolen = urlOf(body.chat_url, 0).replace(`/${show.recording}/`, `/${other.recording}/`)
    expect((await get(stolen)).body.code).toBe('playback_refused')
  })

  it('is shown nothing while a message is being taken out', async () => {
    const show = await aTalkedShow(server)
    const slip = await say(server, show, anna, 'a slip', { sent: 5 })
    await write()
    const { body } = await server.visitor().get(`/api/recordings/${show.recording}/`)
    const url = urlOf(body.chat_url, 0)
    await get(url).expect(200)
    await em().nativeUpdate(ChatMessage, { id: slip.id }, { text: '', deletedAt: new Date() })
    const answer = await get(url).expect(503)
    expect([answer.body.code, answer.get('x-accel-redirect')]).toEqual(['chat_unavailable', undefined])
    await write()
    await get(url).expect(200)
  })

  it('keeps that right when it is a lesson: learners read, others do not', async () => {
    const show = await aTalkedShow(server)
    await write()
    const course = await aCourse(em(), show.publisher.user)
    const module = await aModule(em(), course)
    const teacher = await server.signIn(show.publisher.user)
    await teacher.patch(`/api/recordings/${show.recording}/`).send({ visibility: 'enrolled' }).expect(200)
    const { body: lesson } = await teacher
      .post(`/api/recordings/${show.recording}/lesson/`)
      .send({ module: module.id, title: 'What was live' })
      .expect(201)
    expect(lesson.chat_pieces).toBe(1)
    await anEnrollment(em(), course, anna)
    const learner = await (await server.signIn(anna)).get(`/api/lessons/${lesson.id}/`).expect(200)
    await get(urlOf(learner.body.chat_url, 0)).expect(200)
    const stranger = await (await server.signIn(boris)).get(`/api/lessons/${lesson.id}/`)
    expect(stranger.body.chat_url ?? null).toBeNull()
    expect(stranger.text).not.toContain('/vod/')
    await (await server.signIn(boris)).get(`/api/recordings/${show.recording}/`).expect(404)
  })

  it('gets it as it is written', async () => {
    const show = await aTalkedShow(server)
    const tricky = '</script><b>"\\u0000 🎓\u2028'
    await say(server, show, anna, tricky, { sent: 5 })
    await write()
    const { body } = await server.context.store.get(`recordings/${show.recording}/chat-0.json`)
    expect(JSON.parse(await text(body)).messages[0].text).toBe(tricky)
  })
})
