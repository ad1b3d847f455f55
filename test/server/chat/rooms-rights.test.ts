import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import { ChatEmote } from '../../../server/chat/chat-emote.ts'
import { ChatMessage } from '../../../server/chat/chat-message.ts'
import { ChatModerator } from '../../../server/chat/chat-moderator.ts'
import { aCourse, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { aPublisher } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

/** Who may do what in a room, cell by cell over HTTP. */
const people = ['guest', 'stranger', 'enrolled', 'assistant', 'moderator', 'owner', 'admin'] as const
type Who = (typeof people)[number]

let server: TestServer
const users = {} as Record<Exclude<Who, 'guest'> | 'victim', User>
const agents = new Map<Who, ReturnType<TestServer['visitor']>>()
let channelRoom: string
let courseRoom: string
let draftRoom: string

beforeAll(async () => {
  server = await startServer()
  const em = server.context.orm.em.fork()
  const { user: owner, channel } = await aPublisher(server)
  const course = await aCourse(em, owner)
  const draft = await aCourse(em, owner, { status: 'draft', publishedAt: null })
  channelRoom = channel.chatRoom()
  courseRoom = `course-${course.id}`
  draftRoom = `course-${draft.id}`
  users.owner = owner
  users.admin = await server.register('admin')
  for (const who of ['stranger', 'enrolled', 'assistant', 'moderator', 'victim'] as const) {
    users[who] = await server.register('student', who)
  }
  for (const who of ['enrolled', 'moderator', 'victim'] as const) await anEnrollment(em, course, users[who])
  await aStaffMember(em, course, users.assistant, 'assistant', { moderate_chat: true })
  for (const room of ['lobby', channelRoom, courseRoom]) {
    em.create(ChatModerator, { room, user: users.moderator.id })
    em.create(ChatEmote, { room, name: 'party', picture: `public/emotes/${'0'.repeat(24)}.webp` })
  }
  await em.flush()
  agents.set('guest', server.visitor())
  for (const who of people) if (who !== 'guest') agents.set(who, await server.signIn(users[who]))
})

afterAll(() => server?.[Symbol.asyncDispose]())

async function aMessage(room: string): Promise<number> {
  const em = server.context.orm.em.fork()
  const message = em.create(ChatMessage, {
    ...{ room, epoch: 'e-0', seq: (await em.count(ChatMessage)) + 1, author: users.victim.id, authorName: 'Victim' },
    ...{ rank: 1, text: 'said', replyTo: null, watchedAt: null, sentAt: new Date(), deletedAt: null },
  })
  await em.flush()
  return message.id
}

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete'
type Deed = [name: string, method: Method, path: (room: string) => Promise<string> | string, body?: () => object]

const reading: Deed[] = [
  ['look at it', 'get', () => ''],
  ['read older messages', 'get', () => 'messages/'],
  ['search', 'get', () => 'messages/search/?q=said'],
  ['see its emotes', 'get', () => 'emotes/'],
]
const moderating: Deed[] = [
  ['set it', 'patch', () => '', () => ({ slow: 0 })],
  ['list moderators', 'get', () => 'members/'],
  ['list bans', 'get', () => 'bans/'],
  ['ban', 'post', () => 'bans/', () => ({ user: users.victim.id, seconds: 60 })],
  ['list blocked terms', 'get', () => 'blocked-terms/'],
  ['block a term', 'post', () => 'blocked-terms/', () => ({ term: 'spam' })],
  ['unblock a term', 'delete', () => 'blocked-terms/spam/'],
  ['delete a message of another', 'delete', async (room) => `messages/${await aMessage(room)}/`],
  ['purge', 'delete', () => `messages/?user=${users.victim.id}`],
  ['read the audit log', 'get', () => 'audit/'],
]
const owning: Deed[] = [
  ['appoint', 'put', () => `members/${users.victim.id}/`],
  ['dismiss', 'delete', () => `members/${users.victim.id}/`],
]

async function statusOf(who: Who, room: string, [, method, path, body]: Deed): Promise<number> {
  const agent = agents.get(who)
  if (!agent) throw new Error('nobody')
  const answer = await agent[method](`/api/rooms/${room}/${await path(room)}`).send(body?.())
  return answer.status
}

/** 2 stands for any success. */
type Row = Record<Who, 2 | 401 | 403 | 404>
async function table(deeds: readonly Deed[], room: string): Promise<Record<string, Partial<Record<Who, number>>>> {
  const found: Record<string, Partial<Record<Who, number>>> = {}
  for (const deed of deeds) {
    const row: Partial<Record<Who, number>> = {}
    // Who may goes last: what is done is done.
    for (const who of people) {
      const status = await statusOf(who, room, deed)
      row[who] = status < 300 ? 2 : status
      // An owner who dismisses needs somebody to dismiss, and so does an admin.
      if (deed[0] === 'dismiss' && status === 204) await statusOf('owner', room, owning[0] as Deed)
    }
    found[deed[0]] = row
  }
  return found
}
const all = (deeds: readonly Deed[], row: Row) => Object.fromEntries(deeds.map(([name]) => [name, row]))

describe('a channel’s room', () => {
  const read: Row = { guest: 2, stranger: 2, enrolled: 2, assistant: 2, moderator: 2, owner: 2, admin: 2 }
  const moderate: Row = { ...read, guest: 401, stranger: 403, enrolled: 403, assistant: 403 }

  it('is read by everybody, moderated by moderators, and its moderators are its owner’s choice', async () => {
    expect(await table(reading, channelRoom)).toEqual(all(reading, read))
    expect(await table(moderating, channelRoom)).toEqual(all(moderating, moderate))
    expect(await table(owning, channelRoom)).toEqual(all(owning, { ...moderate, moderator: 403 }))
  })
})

describe('a course’s room', () => {
  const read: Row = { guest: 401, stranger: 403, enrolled: 2, assistant: 2, moderator: 2, owner: 2, admin: 2 }
  const moderate: Row = { ...read, enrolled: 403 }

  it('is read by its learners and staff, moderated by staff with that permission', async () => {
    expect(await table(reading, courseRoom)).toEqual(all(reading, read))
    expect(await table(moderating, courseRoom)).toEqual(all(moderating, moderate))
    expect(await table(owning, courseRoom)).toEqual(all(owning, { ...moderate, assistant: 403, moderator: 403 }))
  })

  it('is not there for whoever may not see the course', async () => {
    for (const deed of [...reading, ...moderating, ...owning]) {
      expect([deed[0], await statusOf('stranger', draftRoom, deed)]).toEqual([deed[0], 404])
      const isOpen = reading.includes(deed)
      expect([deed[0], await statusOf('guest', draftRoom, deed)]).toEqual([deed[0], isOpen ? 404 : 401])
    }
  })
})

describe('the lobby', () => {
  const read: Row = { guest: 2, stranger: 2, enrolled: 2, assistant: 2, moderator: 2, owner: 2, admin: 2 }
  const moderate: Row = { ...read, guest: 401, stranger: 403, enrolled: 403, assistant: 403, owner: 403 }

  it('is everybody’s to read, and an admin’s to own', async () => {
    expect(await table(reading, 'lobby')).toEqual(all(reading, read))
    expect(await table(moderating, 'lobby')).toEqual(all(moderating, moderate))
    expect(await table(owning, 'lobby')).toEqual(all(owning, { ...moderate, moderator: 403 }))
  })
})

describe('rooms that are none', () => {
  it('are not found, by whatever name', async () => {
    const rooms = [
      'channel-999999',
      'course-999999',
      'channel-0',
      'channel-01',
      'room-1',
      'lobby-1',
      'channel-1e3',
      'x',
    ]
    for (const room of [...rooms, `channel-${'9'.repeat(9)}`, '%7Br%3A1%7D', 'lobby%00', '..%2Flobby']) {
      expect([room, await statusOf('admin', room, reading[0] as Deed)]).toEqual([room, 404])
      expect([room, await statusOf('admin', room, moderating[0] as Deed)]).toEqual([room, 404])
    }
  })
})

describe('a moderator', () => {
  it('silences nobody who stands as high, and what is of another room is not found in theirs', async () => {
    const moderator = agents.get('moderator')
    const ban = (user: User) => moderator?.post(`/api/rooms/${channelRoom}/bans/`).send({ user: user.id })
    expect((await ban(users.owner))?.status).toBe(403)
    expect((await ban(users.admin))?.status).toBe(403)
    expect((await ban(users.moderator))?.status).toBe(403)
    expect((await moderator?.delete(`/api/rooms/${channelRoom}/messages/?user=${users.owner.id}`))?.status).toBe(403)
    const elsewhere = await aMessage(courseRoom)
    expect((await moderator?.delete(`/api/rooms/${channelRoom}/messages/${elsewhere}/`))?.status).toBe(404)
    expect((await moderator?.post(`/api/rooms/${channelRoom}/bans/`).send({ user: 999_999 }))?.status).toBe(404)
    const message = await server.context.orm.em.fork().findOneOrFail(ChatMessage, { id: elsewhere })
    expect(message.text).toBe('said')
  })

  it('changes nothing but what a room is set to', async () => {
    const moderator = agents.get('moderator')
    const refused = [
      { id: 'lobby' },
      { rank: 3 },
      { epoch: 'x' },
      { persisted_seq: 0 },
      { persistedSeq: 0 },
      { room: 'lobby' },
      { emotes: [] },
      { emotes_version: 7 },
      { slow: -1 },
      { slow: 3601 },
      { slow: 1.5 },
      { slow: '5' },
      { mode: 'none' },
      { frozen: 1 },
      { notices: 'nobody' },
      { blocked_terms: ['!!!'] },
      { blocked_terms: ['x'.repeat(51)] },
      { blocked_terms: Array.from({ length: 201 }, (_, i) => `t${i}`) },
      { blocked_terms: 'spam' },
    ]
    for (const body of refused) {
      const { status } = (await moderator?.patch(`/api/rooms/${channelRoom}/`).send(body)) ?? {}
      expect([body, status]).toEqual([body, 400])
    }
    for (const body of [{ user: 1, until: null }, { user: '1' }, { user: 1, seconds: 1_209_601 }, { user: 1, by: 1 }]) {
      expect((await moderator?.post(`/api/rooms/${channelRoom}/bans/`).send(body))?.status).toBe(400)
    }
  })
})
