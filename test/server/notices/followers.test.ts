import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { User } from '../../../server/accounts/user.ts'
import type { Control } from '../../../server/chat/control.ts'
import { purgeStaleRows } from '../../../server/jobs/purge-stale-rows.job.ts'
import { notifyFollowers } from '../../../server/notices/notify-followers.job.ts'
import { aCourse, anEnrollment } from '../../support/courses.ts'
import { aLiveShow, aPublisher, authorize } from '../../support/factories.ts'
import { takeJobs } from '../../support/mail.ts'
import { startServer, type TestServer } from '../../support/server.ts'
import { follow, noticesOf, work } from './support.ts'

let server: TestServer
const heard: Control[] = []
let redis: Awaited<ReturnType<typeof listen>>
beforeAll(async () => {
  server = await startServer()
  // Redis's channels are those of every test that runs: nobody else's people and rooms have these numbers.
  await server.context.orm.em.execute(`select setval('users_id_seq', 7000000), setval('channel_id_seq', 7000000)`)
  redis = await listen()
})
afterAll(async () => {
  redis.destroy()
  await server[Symbol.asyncDispose]()
})

/** What the hubs hear. */
async function listen() {
  const subscriber = server.context.redis.duplicate()
  await subscriber.connect()
  await subscriber.subscribe('chat:ctl', (message) => void heard.push(JSON.parse(message)))
  return subscriber
}

const framesTo = (user: User) =>
  heard.flatMap((control) =>
    control.kind === 'people' && control.uids.includes(`u:${user.id}`) ? [control.frame] : [],
  )
const framesIn = (room: string) =>
  heard.flatMap((control) => (control.kind === 'frame' && control.room === room ? [control.frame] : []))
const end = (broadcast: string) =>
  server.internal(`/broadcasts/${broadcast}/ended`, {
    ...{ event_id: `${broadcast}:ended`, node: 'm1', ended_at: new Date().toISOString(), cause: null },
  })

describe('a channel that goes live', () => {
  it('tells its followers, and nobody else, in the bell and on the pages they have open', async () => {
    const { user: owner, channel, streamKey } = await aPublisher(server)
    const [follower, stranger] = [await server.register(), await server.register()]
    await follow(server, channel, follower, owner)
    const show = await aLiveShow(server, streamKey)
    await work(server)
    const cause = `live:${show.broadcast}`
    const told = { kind: 'live', data: { channel: channel.title, title: '' }, url: `/c/${channel.slug}` }
    expect(await noticesOf(server, follower)).toEqual([{ id: expect.any(Number), cause, read_at: null, ...told }])
    await expect
      .poll(() => framesTo(follower))
      .toEqual([{ t: 'ntf', id: cause, level: 'info', text: '', from: '', ttl: 5, about: told }])
    expect([await noticesOf(server, stranger), await noticesOf(server, owner)]).toEqual([[], []])
  })

  it('turns the pages of its room live, and dark again', async () => {
    const { channel, streamKey } = await aPublisher(server)
    const room = channel.chatRoom()
    const show = await authorize(server, streamKey)
    await server
      .internal(`/broadcasts/${show.broadcast}/started`, {
        ...{ event_id: `${show.broadcast}:started`, node: 'm1', started_at: new Date().toISOString() },
      })
      .expect(204)
    const live = { t: 'live', room, broadcast: show.broadcast, status: 'live' }
    await expect.poll(() => framesIn(room)).toEqual([live])
    await end(show.broadcast).expect(204)
    await expect.poll(() => framesIn(room)).toEqual([live, { ...live, broadcast: null, status: 'offline' }])
  })

  it('does so when its owner ends it in the studio, too', async () => {
    const { user, channel, streamKey } = await aPublisher(server)
    const show = await aLiveShow(server, streamKey)
    const studio = await server.signIn(user)
    await studio.post(`/api/broadcasts/${show.broadcast}/end/`).expect(200)
    await expect.poll(() => framesIn(channel.chatRoom()).at(-1)).toMatchObject({ status: 'offline' })
  })

  it('tells each once, however often it is reported and the job is run, fifty at the same time', async () => {
    const { channel, streamKey } = await aPublisher(server)
    const follower = await server.register()
    await follow(server, channel, follower)
    const show = await aLiveShow(server, streamKey)
    for (const event of ['again', 'and-again']) {
      await server
        .internal(`/broadcasts/${show.broadcast}/started`, {
          ...{ event_id: `${show.broadcast}:${event}`, node: 'm1', started_at: new Date().toISOString() },
        })
        .expect(204)
    }
    const jobs = await takeJobs<{ broadcast: string }>(server, 'notify-followers')
    expect(jobs.filter(({ broadcast }) => broadcast === show.broadcast)).toHaveLength(1)
    await Promise.all(Array.from({ length: 50 }, () => notifyFollowers(server.context, { broadcast: show.broadcast })))
    expect(await noticesOf(server, follower)).toHaveLength(1)
    expect(await takeJobs(server, 'deliver-notices')).toHaveLength(1)
  })

  it('and drops, and is begun anew within ten minutes, tells nobody twice; later it does', async () => {
    const { channel, streamKey } = await aPublisher(server)
    const follower = await server.register()
    await follow(server, channel, follower)
    const show = await aLiveShow(server, streamKey)
    await end(show.broadcast).expect(204)
    const second = await aLiveShow(server, streamKey)
    await work(server)
    await end(second.broadcast).expect(204)
    const em = server.context.orm.em.fork()
    await em.execute(`update broadcast set announced_at = now() - interval '11 minutes' where id = ?`, [show.broadcast])
    const third = await aLiveShow(server, streamKey)
    await work(server)
    // The first was over before the worker came to it.
    expect((await noticesOf(server, follower)).map(({ cause }) => cause)).toEqual([`live:${third.broadcast}`])
  })

  it('tells thousands in batches, without an account that is closed or locked', async () => {
    const { channel, streamKey } = await aPublisher(server)
    const em = server.context.orm.em.fork()
    await em.execute(
      `with made as (
         insert into users (email, password_hash, first_name, last_name, role, is_active, deleted_at, created_at, updated_at)
         select 'crowd-' || i || '@example.org', '', 'A', 'B', 'student', i <> 7, case when i = 8 then now() end, now(), now()
           from generate_series(1, 1202) as i returning id)
       insert into channel_follow (channel_id, user_id, created_at, updated_at) select ?, id, now(), now() from made`,
      [channel.id],
    )
    const show = await aLiveShow(server, streamKey)
    await notifyFollowers(server.context, { broadcast: show.broadcast })
    const [told] = await em.execute('select count(*)::int as n from notification where cause = ?', [
      `live:${show.broadcast}`,
    ])
    expect(told).toEqual({ n: 1200 })
    const jobs = await takeJobs<{ notices: number[] }>(server, 'deliver-notices')
    expect(jobs.map(({ notices }) => notices.length)).toEqual([498, 500, 202])
  })
})

describe('a show that is not for all', () => {
  async function aScheduled(visibility: 'unlisted' | 'enrolled' | 'public') {
    const { user: owner, channel, streamKey } = await aPublisher(server)
    const em = server.context.orm.em.fork()
    const course = await aCourse(em, owner)
    const [learner, follower] = [await server.register(), await server.register()]
    await anEnrollment(em, course, learner)
    await follow(server, channel, learner, follower)
    const studio = await server.signIn(owner)
    const scheduled = { title: 'Only here', starts_at: new Date().toISOString(), visibility, course: course.id }
    await studio.post('/api/broadcasts/').send(scheduled).expect(201)
    await aLiveShow(server, streamKey)
    await work(server)
    return { channel, learner, follower }
  }
  const dataOf = async (user: User) => (await noticesOf(server, user)).map(({ data }) => data)

  it('but for enrolled learners, is told to those followers alone, and not to its room', async () => {
    const { channel, learner, follower } = await aScheduled('enrolled')
    expect(await dataOf(learner)).toEqual([{ channel: channel.title, title: 'Only here' }])
    expect(await dataOf(follower)).toEqual([])
    expect(framesIn(channel.chatRoom())).toEqual([])
  })

  it('but for whoever knows its address, is told to nobody', async () => {
    const { channel, learner, follower } = await aScheduled('unlisted')
    expect([await dataOf(learner), await dataOf(follower)]).toEqual([[], []])
    expect(framesIn(channel.chatRoom())).toEqual([])
  })

  it('is told to every follower once it is public', async () => {
    const { learner, follower } = await aScheduled('public')
    expect([(await dataOf(learner)).length, (await dataOf(follower)).length]).toEqual([1, 1])
  })
})

it('a publisher that nobody could watch yet is told of to nobody', async () => {
  const { channel, streamKey } = await aPublisher(server)
  const follower = await server.register()
  await follow(server, channel, follower)
  await authorize(server, streamKey)
  await work(server)
  expect(await noticesOf(server, follower)).toEqual([])
})

it('notices are kept for 90 days', async () => {
  const user = await server.register()
  const em = server.context.orm.em.fork()
  for (const days of [89, 91]) {
    await em.execute(
      `insert into notification (user_id, kind, cause, data, url, created_at)
       values (?, 'live', ?, '{}', '/', now() - make_interval(days => ?))`,
      [user.id, `live:${days}`, days],
    )
  }
  await purgeStaleRows(server.context.orm)
  expect((await noticesOf(server, user)).map(({ cause }) => cause)).toEqual(['live:89'])
})
