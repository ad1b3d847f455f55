import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { Setting } from '../../../server/admin/setting.ts'
import { defaultSettings } from '../../../server/admin/settings.ts'
import { recordBeat } from '../../../server/progress/record-beat.ts'
import { aCourse, aLesson, aModule, anEnrollment } from '../../support/courses.ts'
import { openDatabase, type TestDatabase } from '../../support/database.ts'
import { startServer, type TestServer } from '../../support/server.ts'

let database: TestDatabase
let server: TestServer
beforeAll(async () => {
  database = await openDatabase()
  server = await startServer({ databaseUrl: database.url })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

describe('system settings', () => {
  it('are there before anybody changed one', () => {
    expect(server.context.settings.all()).toEqual(defaultSettings)
  })

  it('are the admins’ alone', async () => {
    await server.visitor().get('/api/admin/settings/').expect(401)
    for (const role of ['student', 'teacher', 'producer'] as const) {
      const agent = await server.signIn(await server.register(role))
      await agent.get('/api/admin/settings/').expect(403)
      await agent.patch('/api/admin/settings/').send({ registration_open: false }).expect(403)
      await agent.put('/api/admin/settings/').send({ registration_open: false }).expect(403)
    }
  })

  it('change one by one or all at once, in every process, with a line in the audit log', async () => {
    await using other = await startServer({ databaseUrl: database.url })
    const user = await server.register('admin')
    const admin = await server.signIn(user)
    const answer = await admin.patch('/api/admin/settings/').send({ refund_days: 14 }).expect(200)
    expect(answer.body).toEqual({ ...defaultSettings, refund_days: 14 })
    expect(server.context.settings.get('refund_days')).toBe(14)
    await vi.waitFor(() => expect(other.context.settings.get('refund_days')).toBe(14), { timeout: 5000 })

    const whole = { ...defaultSettings, languages: ['ru', 'en', 'kk'] }
    expect((await admin.put('/api/admin/settings/').send(whole).expect(200)).body).toEqual(whole)
    expect((await admin.get('/api/admin/settings/').expect(200)).body).toEqual(whole)
    const lines = await server.context.orm.em.fork().find(AuditLog, { object: 'settings' }, { orderBy: { id: 'asc' } })
    expect(lines.map(({ actor, action, details }) => [actor?.id, action, details])).toEqual([
      [user.id, 'settings.change', { refund_days: [0, 14] }],
      [
        user.id,
        'settings.change',
        {
          refund_days: [14, 0],
          languages: [
            ['ru', 'en'],
            ['ru', 'en', 'kk'],
          ],
        },
      ],
    ])
  })

  it('close the door to new accounts, not to those there are', async () => {
    const user = await server.register('admin')
    const admin = await server.signIn(user)
    const register = () =>
      server.visitor().post('/api/auth/register/').send({
        email: 'newcomer@example.org',
        password: 'violet umbrella 1897',
        first_name: 'New',
        last_name: 'Comer',
      })
    await admin.patch('/api/admin/settings/').send({ registration_open: false }).expect(200)
    const refused = await register()
    expect([refused.status, refused.body.code]).toEqual([403, 'registration_closed'])
    await server.signIn(user)
    await admin.patch('/api/admin/settings/').send({ registration_open: true }).expect(200)
    await register().expect(202)
  })

  it('say how much of a video must be watched, and that much is enough', async () => {
    const em = server.context.orm.em.fork()
    const course = await aCourse(em, await server.register('teacher'))
    const given = { contentType: 'video', videoUrl: 'https://example.org/v.mp4', durationMinutes: 1 } as const
    const lesson = await aLesson(em, await aModule(em, course), given)
    const learner = await server.register()
    await anEnrollment(em, course, learner)
    const admin = await server.signIn(await server.register('admin'))
    await admin.patch('/api/admin/settings/').send({ video_completion_percent: 50 }).expect(200)

    const agent = await server.signIn(learner)
    const path = `/api/lessons/${lesson.id}/progress/`
    const rule = { type: 'watched', percent: 50 }
    expect((await agent.get(path).expect(200)).body.completion_rule).toMatchObject(rule)
    expect((await agent.get(`/api/lessons/${lesson.id}/`).expect(200)).body.completion_rule).toMatchObject(rule)
    const { context } = server
    const beat = (from: number, at: number) =>
      recordBeat(context.orm.em.fork(), learner, lesson.id, { ranges: [[from, from + 10]] }, context.progress, at, 50)
    const begun = Date.now()
    const seen: { status: string; progress: number }[] = []
    while (seen.at(-1)?.status !== 'completed' && seen.length < 6) {
      seen.push((await beat(seen.length * 10, begun + seen.length * 10_000)).progress)
    }
    // Half of a minute, and what the first heartbeat was not believed.
    expect(seen.map(({ status }) => status).at(-1)).toBe('completed')
    expect(seen.length).toBeLessThan(6)
    await admin.patch('/api/admin/settings/').send({ video_completion_percent: 90 }).expect(200)
  })

  it('refuse what is unknown, of the wrong type or missing', async () => {
    const admin = await server.signIn(await server.register('admin'))
    const bad = async (body: object) => (await admin.patch('/api/admin/settings/').send(body).expect(400)).body
    expect(await bad({ smtp_password: 'x' })).toHaveProperty('smtp_password')
    expect(await bad({ refund_days: -1 })).toHaveProperty('refund_days')
    expect(await bad({ refund_days: '3' })).toHaveProperty('refund_days')
    expect(await bad({ languages: [] })).toHaveProperty('languages')
    expect(await bad({ business_timezone: 'Mars/Olympus' })).toHaveProperty('business_timezone')
    const answer = await admin.put('/api/admin/settings/').send({ refund_days: 3 }).expect(400)
    expect(Object.keys(answer.body)).toEqual(expect.arrayContaining(['registration_open', 'currencies']))
  })

  it('keep what fifty admins write at once', async () => {
    const admin = await server.signIn(await server.register('admin'))
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        admin.patch('/api/admin/settings/').send({ refund_max_progress: 40 + (index % 10) }),
      ),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const rows = await server.context.orm.em.fork().find(Setting, { name: 'refund_max_progress' })
    expect(rows).toHaveLength(1)
    expect(server.context.settings.get('refund_max_progress')).toBe(rows[0]?.value)
  })

  it('fall back to the default where an old value is no longer allowed', async () => {
    const em = server.context.orm.em.fork()
    em.create(Setting, { name: 'email_verification_required', value: 'perhaps' })
    em.create(Setting, { name: 'long_gone', value: 1 })
    await em.flush()
    await server.context.settings.reload()
    expect(server.context.settings.get('email_verification_required')).toBe(true)
  })
})
