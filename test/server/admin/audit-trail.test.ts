import { afterAll, beforeAll, expect, it } from 'vitest'
import { Profile } from '../../../server/accounts/profile.ts'
import type { User } from '../../../server/accounts/user.ts'
import { AuditLog } from '../../../server/admin/audit-log.ts'
import { aCategory } from '../../support/courses.ts'
import { startServer, type TestServer } from '../../support/server.ts'

/** What was done to money and to rights can be read afterwards, from the first draft on; what was refused was not done. */
let server: TestServer
let producer: User
beforeAll(async () => {
  server = await startServer()
  producer = await server.register('producer')
})
afterAll(() => server[Symbol.asyncDispose]())

const em = () => server.context.orm.em.fork()
const linesOf = (object: string) => em().find(AuditLog, { object }, { orderBy: { id: 'asc' } })

it('a course’s making, prices, staff and end are each a line of who did it, and what was refused is none', async () => {
  const agent = await server.signIn(producer)
  const { id: category } = await aCategory(em())
  const { body: course } = await agent.post('/api/courses/').send({ title: 'Sold', category }).expect(201)
  const path = `/api/courses/${course.id}/`
  await agent.patch(path).send({ price: '10.00', currency: 'RUB' }).expect(200)
  await agent.patch(path).send({ price: '10.00', title: 'Sold well' }).expect(200)
  await agent.patch(path).send({ price: '-1' }).expect(400)
  await agent.patch(path).send({ price: '12.50' }).expect(200)

  const helper = await server.register('teacher')
  const { body: place } = await agent.post(`${path}roles/`).send({ user: helper.id, role: 'assistant' }).expect(201)
  const theirs = await server.signIn(helper)
  await theirs.patch(path).send({ price: '0.00' }).expect(403)
  await agent.delete(`${path}roles/${place.id}/`).expect(204)
  await agent.delete(path).expect(204)

  const lines = await linesOf(`course:${course.id}`)
  expect(lines.map(({ action, details }) => [action, details])).toEqual([
    ['course.create', {}],
    ['course.price', { price: [expect.stringMatching(/^0(\.00)? /), '10.00 RUB'] }],
    ['course.price', { price: ['10.00 RUB', '12.50 RUB'] }],
    ['course.role.add', expect.objectContaining({ user: helper.id, role: 'assistant' })],
    ['course.role.remove', { user: helper.id, role: 'assistant' }],
    ['course.delete', { title: 'Sold well' }],
  ])
  expect(new Set(lines.map(({ actor }) => actor?.id))).toEqual(new Set([producer.id]))
})

it('so are promo codes, from their making to their end', async () => {
  const admin = await server.register('admin')
  const agent = await server.signIn(admin)
  const { body: promo } = await agent.post('/api/promo-codes/').send({ code: 'AUDIT', percent: 10 }).expect(201)
  await agent.patch(`/api/promo-codes/${promo.id}/`).send({ percent: 20 }).expect(200)
  await agent.patch(`/api/promo-codes/${promo.id}/`).send({ percent: 120 }).expect(400)
  await agent.delete(`/api/promo-codes/${promo.id}/`).expect(204)
  const lines = await linesOf(`promo:${promo.id}`)
  expect(lines.map(({ action, actor, details }) => [action, actor?.id, details])).toEqual([
    ['promo.create', admin.id, expect.objectContaining({ code: 'AUDIT', percent: 10 })],
    ['promo.change', admin.id, { percent: 20 }],
    ['promo.delete', admin.id, { code: 'AUDIT' }],
  ])
})

it('so are the check of a teacher and a settings’ change, with the address they came from', async () => {
  const admin = await server.register('admin')
  const agent = await server.signIn(admin)
  const teacher = await server.register('teacher')
  const { id } = await em().findOneOrFail(Profile, { user: teacher.id })
  const check = () =>
    agent.post(`/api/admin/profiles/${id}/verification/`).send({ status: 'verified', comment: 'Seen.' }).expect(200)
  await check()
  await agent.patch('/api/admin/settings/').send({ registration_open: false }).expect(200)
  const lines = await em().find(AuditLog, { actor: admin.id }, { orderBy: { id: 'asc' } })
  expect(lines.map(({ action, address }) => [action, address])).toEqual([
    ['profile.verification', expect.stringMatching(/^198\.51\./)],
    ['settings.change', expect.stringMatching(/^198\.51\./)],
  ])
  expect(lines[1]?.details).toEqual({ registration_open: [true, false] })
})
