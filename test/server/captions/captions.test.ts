import { randomBytes } from 'node:crypto'
import request from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { User } from '../../../server/accounts/user.ts'
import { Caption } from '../../../server/captions/caption.ts'
import { Lesson } from '../../../server/courses/lesson.ts'
import { Video } from '../../../server/videos/video.ts'
import { Recording } from '../../../server/vod/recording.ts'
import { aCourse, aModule, anEnrollment, aStaffMember } from '../../support/courses.ts'
import { aLiveShow, aPublisher, aRecording, type TestPublisher } from '../../support/factories.ts'
import { startServer, type TestServer } from '../../support/server.ts'

type Agent = Awaited<ReturnType<TestServer['signIn']>>

let server: TestServer
let people: { publisher: TestPublisher; assistant: User; learner: User }
let agents: Record<'owner' | 'admin' | 'assistant' | 'learner' | 'stranger' | 'guest', Agent>
beforeAll(async () => {
  server = await startServer()
  const [publisher, assistant, learner, stranger, admin] = await Promise.all([
    aPublisher(server),
    server.register(),
    server.register(),
    server.register('teacher'),
    server.register('admin'),
  ])
  people = { publisher, assistant, learner }
  const [owner, ...others] = await Promise.all([publisher.user, admin, assistant, learner, stranger].map(server.signIn))
  const [asAdmin, asAssistant, asLearner, asStranger] = others
  if (!owner || !asAdmin || !asAssistant || !asLearner || !asStranger) throw new Error('nobody signed in')
  agents = {
    ...{ owner, admin: asAdmin, assistant: asAssistant, learner: asLearner, stranger: asStranger },
    guest: server.visitor(),
  }
})
afterAll(() => server[Symbol.asyncDispose]())

const vtt = 'WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n'
const clean = 'WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nHello\n'
const send = (path: string, body: string | Buffer = vtt, type = 'text/vtt', agent = agents.owner) =>
  agent.put(path).set('content-type', type).send(body)

async function aVideo(owner: User, given: Partial<Video> = {}): Promise<string> {
  const em = server.context.orm.em.fork()
  const video = em.create(Video, {
    ...{ owner: em.getReference(User, owner.id), title: 'Film', fileName: 'film.mp4', sourceBytes: 9, status: 'ready' },
    ...{ sha256: randomBytes(32).toString('hex'), durationSeconds: 125, renditions: ['240p'], ...given },
  })
  await em.flush()
  return video.id
}

/** Of the owner's, for learners of a course. */
async function aFilm(kind: 'recordings' | 'videos', publisher = people.publisher) {
  const em = server.context.orm.em.fork()
  const course = await aCourse(em, publisher.user)
  const lesson = { module: await aModule(em, course), title: 'Lesson', contentType: 'video' as const, order: 1 }
  let id: string
  if (kind === 'videos') {
    id = await aVideo(publisher.user, { visibility: 'enrolled' })
    em.create(Lesson, { ...lesson, video: em.getReference(Video, id) })
  } else {
    id = (await aRecording(server, publisher.streamKey)).recording
    await em.nativeUpdate(Recording, { id }, { visibility: 'enrolled' })
    em.create(Lesson, { ...lesson, recording: em.getReference(Recording, id) })
  }
  await em.flush()
  await aStaffMember(em, course, people.assistant, 'assistant')
  await anEnrollment(em, course, people.learner)
  return { id, film: `/api/${kind}/${id}/` }
}

describe.each(['recordings', 'videos'] as const)('%s', (kind) => {
  let id: string
  let film: string
  beforeAll(async () => {
    ;({ id, film } = await aFilm(kind))
  })

  it('show captions and chapters to whoever may watch; whoever manages them changes them', async () => {
    expect((await send(`${film}captions/en/`).expect(201)).body).toMatchObject({
      language: 'en',
      label: 'English',
      cues: 1,
    })
    const chapters = [{ start: 0, title: 'All of it' }]
    await agents.owner.put(`${film}chapters/`).send(chapters).expect(200)
    const rights: [keyof typeof agents, reads: number, writes: number][] = [
      ['owner', 200, 200],
      ['admin', 200, 200],
      ['assistant', 200, 403],
      ['learner', 200, 403],
      ['stranger', 404, 404],
      ['guest', 404, 401],
    ]
    for (const [who, reads, writes] of rights) {
      const agent = agents[who]
      expect((await agent.get(`${film}captions/`)).status, who).toBe(reads)
      expect((await agent.get(`${film}captions/en/`)).status, who).toBe(reads)
      expect((await agent.get(`${film}chapters/`)).status, who).toBe(reads)
      expect((await send(`${film}captions/en/`, vtt, 'text/vtt', agent)).status, who).toBe(writes)
      expect((await agent.put(`${film}chapters/`).send(chapters)).status, who).toBe(writes)
      if (writes === 200) continue
      expect((await agent.delete(`${film}captions/en/`)).status, who).toBe(writes)
      expect((await agent.delete(`${film}chapters/`)).status, who).toBe(writes)
    }
    const { text, headers } = await agents.learner.get(`${film}captions/EN/`).buffer().expect(200)
    expect(text).toBe(clean)
    expect(headers['content-type']).toBe('text/vtt; charset=utf-8')
    await agents.owner.delete(`${film}captions/en/`).expect(204)
    expect((await agents.owner.delete(`${film}captions/en/`).expect(404)).body.code).toBe('captions_not_found')
    await agents.owner.delete(`${film}chapters/`).expect(204)
    expect((await agents.owner.get(`${film}chapters/`)).body).toEqual([])
  })

  it('play them under the token of their playlist, with no session, and under no other', async () => {
    await send(`${film}captions/ru/?label=${encodeURIComponent('Русский (полные)')}`).expect(201)
    await send(`${film}captions/pt-br/`).expect(201)
    const chapters = [
      { start: 0, title: 'A & B' },
      { start: 7.5, title: 'Rest' },
    ]
    await agents.owner.put(`${film}chapters/`).send(chapters).expect(200)
    const { body } = await agents.learner.get(film).expect(200)
    const play = (path: string, base = body.playback_url) =>
      request(server.server).get(new URL(path, `http://x${base}`).pathname)
    const texts = (await play('texts.json').expect(200)).body
    expect(texts).toEqual({
      captions: [
        {
          language: 'pt-BR',
          label: expect.stringMatching(/^Portugu/),
          url: expect.stringMatching(/^captions\/pt-BR\.vtt\?v=/),
        },
        { language: 'ru', label: 'Русский (полные)', url: expect.stringMatching(/^captions\/ru\.vtt\?v=/) },
      ],
      chapters,
      chapters_url: expect.stringMatching(/^chapters\.vtt\?v=/),
    })
    const answer = await play(texts.captions[1].url).buffer().expect(200)
    expect(answer.text).toBe(clean)
    expect(answer.headers).toMatchObject({
      'content-type': 'text/vtt; charset=utf-8',
      'access-control-allow-origin': '*',
    })
    await play(texts.captions[1].url).set('if-none-match', String(answer.headers.etag)).expect(304)
    expect((await play(texts.chapters_url).buffer().expect(200)).text).toContain('A &amp; B')
    await play('captions/de.vtt').expect(404)
    await play('captions/..%2Fru.vtt').expect(404)
    // Another's token opens another's only.
    const other = await aFilm(kind, kind === 'recordings' ? await aPublisher(server) : people.publisher)
    const { body: theirs } = await agents.admin.get(other.film).expect(200)
    await play('texts.json', theirs.playback_url.replace(other.id, id)).expect(403)
    const empty = (await play('texts.json', theirs.playback_url).expect(200)).body
    expect(empty).toEqual({ captions: [], chapters: [], chapters_url: null })
    await play('chapters.vtt', theirs.playback_url).expect(404)
  })

  it('fifty at once leave one whole file, and what was deleted takes its captions with it', async () => {
    const bodies = Array.from({ length: 50 }, (_, n) => vtt.replace('Hello', `Hello ${n}`))
    const answers = await Promise.all(bodies.map((body) => send(`${film}captions/en/`, body)))
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(49).fill(200), 201])
    const em = server.context.orm.em.fork()
    const of = kind === 'videos' ? { video: id } : { recording: id }
    expect(await em.count(Caption, { ...of, language: 'en' })).toBe(1)
    const { text } = await agents.owner.get(`${film}captions/en/`).buffer()
    expect(bodies.map((body) => body.replaceAll('00:0', '00:00:0'))).toContain(text)
    await em.nativeDelete(Lesson, kind === 'videos' ? { video: id } : { recording: id })
    await agents.owner.delete(film).expect(204)
    expect(await em.count(Caption, of)).toBe(0)
  })
})

it('a file that cannot be read is refused with the line, and leaves what was there', async () => {
  const { film } = await aFilm('videos')
  const { owner } = agents
  const path = `${film}captions/en/`
  await send(path).expect(201)
  const srt = '1\r\n00:00:01,000 --> 00:00:02,000\r\nПривет\r\n'
  expect((await send(`${film}captions/ru/`, srt, 'application/x-subrip').expect(201)).body.cues).toBe(1)
  const { body } = await send(path, `${vtt}\n00:09.000 --> 00:08.000\nBack`).set('accept-language', 'ru').expect(400)
  expect(body).toEqual({ code: 'captions_end', line: 6, detail: 'Эта реплика кончается раньше, чем начинается.' })
  const bad = Buffer.from('1\n00:00:01,000 --> 00:00:02,000\n\xcf\xf0\n', 'latin1')
  expect((await send(path, bad).expect(400)).body).toMatchObject({ code: 'captions_encoding', line: 3 })
  await send(path, '').expect(400)
  await send(path, Buffer.alloc(1_000_001, 'a')).expect(413)
  await send(path, '{}', 'application/json').expect(415)
  await send(path, vtt, 'text/html').expect(415)
  for (const language of ['e', 'en--US', 'en_US', '..%2Fen', 'x'.repeat(40), '%00', 'x-own']) {
    expect([400, 404]).toContain((await send(`${film}captions/${language}/`)).status)
  }
  await send(`${path}?label=%20%20`).expect(400)
  await send(`${path}?label=${'x'.repeat(101)}`).expect(400)
  expect((await owner.get(`${film}captions/en/`).buffer()).text).toBe(clean)
  const { body: list } = await owner.get(`${film}captions/`).expect(200)
  expect(list).toMatchObject({ count: 2, results: [{ language: 'en' }, { language: 'ru', label: 'Русский' }] })
})

it('there are thirty languages and no more, and a replaced one keeps its name', async () => {
  const { film } = await aFilm('videos')
  const tags = Array.from({ length: 31 }, (_, n) => `en-x-a${n}`)
  for (const tag of tags.slice(0, 30)) await send(`${film}captions/${tag}/?label=First`).expect(201)
  expect((await send(`${film}captions/${tags[30]}/`).expect(409)).body).toMatchObject({
    code: 'too_many_captions',
    max: 30,
  })
  expect((await send(`${film}captions/${tags[0]}/`).expect(200)).body.label).toBe('First')
})

it('chapters are inside of what plays, in order and named', async () => {
  const { film } = await aFilm('videos')
  const chapters = (body: object) => agents.owner.put(`${film}chapters/`).send(body)
  expect(
    (
      await chapters([
        { start: 60, title: ' Later\n' },
        { start: 3, title: 'First' },
      ]).expect(200)
    ).body,
  ).toEqual([
    { start: 0, title: 'First' },
    { start: 60, title: 'Later' },
  ])
  const refused: object[] = [
    [{ start: -1, title: 'x' }],
    [{ start: 1, title: '  ' }],
    [{ start: 1, title: 'x'.repeat(101) }],
    [{ start: 1 }],
    [{ start: '1', title: 'x' }],
    { start: 1, title: 'x' },
    [
      { start: 0, title: 'x' },
      { start: 125, title: 'y' },
    ],
    [
      { start: 0, title: 'x' },
      { start: 5, title: 'y' },
      { start: 5, title: 'z' },
    ],
    Array.from({ length: 201 }, (_, n) => ({ start: n / 2, title: 'x' })),
  ]
  for (const body of refused) expect((await chapters(body)).status, JSON.stringify(body).slice(0, 60)).toBe(400)
  await chapters(Array.from({ length: 200 }, (_, n) => ({ start: n / 2, title: '\u202E<b>x' }))).expect(200)
  const { body } = await agents.owner.get(`${film}chapters/`).expect(200)
  expect(body[1]).toEqual({ start: 0.5, title: '<b>x' })
  const unknown = await aVideo(await server.register(), { durationSeconds: 0 })
  const admin = agents.admin.put(`/api/videos/${unknown}/chapters/`).send([{ start: 0, title: 'x' }])
  expect((await admin.expect(409)).body.code).toBe('duration_unknown')
})

it('a show that still runs has none yet', async () => {
  const publisher = await aPublisher(server)
  const { recording } = await aLiveShow(server, publisher.streamKey)
  const film = `/api/recordings/${recording}/`
  expect((await send(`${film}captions/en/`, vtt, 'text/vtt', agents.admin).expect(409)).body.code).toBe(
    'recording_live',
  )
  await agents.admin
    .put(`${film}chapters/`)
    .send([{ start: 0, title: 'x' }])
    .expect(409)
})
