import type { Context as KoaContext } from 'koa'
import { Profile } from '../accounts/profile.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { Api } from '../http/api.ts'
import { paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { idParams } from './contract.ts'
import { type Enrolling, enroll } from './enroll.ts'
import { Enrollment } from './enrollment.ts'
import {
  type EnrollmentJson,
  enrollBody,
  enrollmentJson,
  enrollmentPageJson,
  enrollmentsQuery,
  grantBody,
  paymentRequiredJson,
  presentEnrollment,
  presentPaymentRequired,
  presentStudent,
  removeBody,
  type StudentJson,
  studentJson,
  studentPageJson,
  studentParams,
} from './enrollment-contract.ts'
import { findStudents, grantManually, leave, removeStudent } from './students.ts'

/** What enrolling and buying answer alike. */
export const enrollAnswers = { 200: enrollmentJson, 201: enrollmentJson, 202: paymentRequiredJson }

/** Learning in a course: entering, leaving, one's own courses, and who learns in one that one runs. */
export function enrollmentRoutes(context: Context): Api[] {
  return [enrollRoutes(context), ownEnrollments(context), studentRoutes(context)]
}

/** 200 for who learned there already, 201 for who does from now on, 202 for who has to pay first. */
export async function answerEnrolling(ctx: KoaContext, em: EntityManager, outcome: Enrolling): Promise<void> {
  if ('payment' in outcome) {
    ctx.status = 202
    ctx.body = presentPaymentRequired(outcome.payment)
    return
  }
  ctx.status = outcome.isNew ? 201 : 200
  ctx.body = await present(em, outcome.enrollment)
}

function enrollRoutes(context: Context): Api {
  const api = new Api('/api/courses/:id/enroll', 'Enrollment')

  api.post(
    '/',
    {
      summary: 'Enrolls in a course, or says where to pay for it.',
      description: 'May be repeated: the place, and the checkout while it can be paid, stay the same.',
      access: 'signed-in',
      params: idParams,
      body: enrollBody,
      answers: enrollAnswers,
    },
    async (ctx, { params, body }) => {
      const request = { course: params.id, promoCode: body.promo_code, idempotencyKey: null }
      await answerEnrolling(ctx, ctx.state.em, await enroll(ctx.state.em, requireViewer(ctx.state), request, context))
    },
  )

  api.delete(
    '/',
    {
      summary: 'Leaves a course that was not paid for.',
      access: 'signed-in',
      params: idParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      const viewer = requireViewer(ctx.state)
      await leave(ctx.state.em, viewer, params.id)
      await forgetPlayback(context, viewer.id)
      ctx.status = 204
    },
  )

  return api
}

function ownEnrollments({ config }: Context): Api {
  const api = new Api('/api/enrollments', 'Enrollment')

  api.get(
    '/',
    {
      summary: 'The courses one learns or learned in, latest first.',
      access: 'signed-in',
      query: enrollmentsQuery,
      answers: { 200: enrollmentPageJson },
    },
    async (ctx, { query }) => {
      const where = { user: requireViewer(ctx.state).id, ...(query.status ? { status: query.status } : {}) }
      const orderBy = [{ enrolledAt: 'desc' }, { id: 'desc' }] as const
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          ctx.state.em.findAndCount(Enrollment, where, { populate: ['course'], orderBy: [...orderBy], limit, offset }),
        (rows) => rows.map(presentEnrollment),
      )
    },
  )

  return api
}

function studentRoutes(context: Context): Api {
  const { config, catalogCache } = context
  const api = new Api('/api/courses/:id/students', 'Enrollment')

  api.get(
    '/',
    {
      summary: 'Who learns or learned in a course; for its staff.',
      access: 'signed-in',
      params: idParams,
      query: enrollmentsQuery,
      answers: { 200: studentPageJson },
    },
    async (ctx, { params, query }) => {
      const { em } = ctx.state
      const page = await findStudents(em, requireViewer(ctx.state), params.id, query.status)
      ctx.body = await paginate(ctx, config.publicUrl, page, (rows) => presentStudents(em, rows))
    },
  )

  api.post(
    '/',
    {
      summary: 'Gives somebody a place by hand, by e-mail address; an admin also by number.',
      access: 'signed-in',
      params: idParams,
      body: grantBody,
      answers: { 200: studentJson, 201: studentJson },
    },
    async (ctx, { params, body }) => {
      const { em, address } = ctx.state
      const by = { ...requireViewer(ctx.state), address }
      await context.limits.take('grant', `u${by.id}`)
      const { enrollment, isNew } = await grantManually(em, by, params.id, body, context)
      if (isNew) await catalogCache.bump()
      const [json] = await presentStudents(em, [enrollment])
      ctx.status = isNew ? 201 : 200
      ctx.body = json
    },
  )

  const remove = async (ctx: Parameters<Parameters<typeof api.delete>[2]>[0], course: number, user: number) => {
    const { em, address } = ctx.state
    await removeStudent(em, { ...requireViewer(ctx.state), address }, course, user)
    await forgetPlayback(context, user)
    ctx.status = 204
  }
  api.delete(
    '/',
    {
      summary: 'Takes a learner who did not pay out of a course.',
      access: 'signed-in',
      params: idParams,
      body: removeBody,
      answers: { 204: null },
    },
    (ctx, { params, body }) => remove(ctx, params.id, body.user),
  )
  api.delete(
    '/:user',
    {
      summary: 'The same, with the learner in the address.',
      access: 'signed-in',
      params: studentParams,
      answers: { 204: null },
    },
    (ctx, { params }) => remove(ctx, params.id, params.user),
  )

  return api
}

async function forgetPlayback({ revocations, catalogCache }: Context, user: number): Promise<void> {
  await revocations.revoke(`u${user}`)
  await catalogCache.bump()
}

async function present(em: EntityManager, enrollment: Enrollment): Promise<EnrollmentJson> {
  await em.populate(enrollment, ['course'])
  return presentEnrollment(enrollment)
}

/** The names of all in one query. */
async function presentStudents(em: EntityManager, rows: readonly Enrollment[]): Promise<StudentJson[]> {
  const users = rows.map((row) => row.user.id)
  const profiles = await em.find(Profile, { user: { $in: users } }, { fields: ['user', 'displayName'] })
  const names = new Map(profiles.map((profile) => [profile.user.id, profile.displayName]))
  return rows.map((row) => presentStudent(row, names.get(row.user.id) ?? ''))
}
