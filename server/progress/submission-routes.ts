import type { Context } from '../context.ts'
import { may } from '../courses/access.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { parse, requireViewer } from '../http/request.ts'
import { MediaAsset } from '../library/media-asset.ts'
import { receiveForm } from '../library/receive-form.ts'
import { sendAsset } from '../library/send-asset.ts'
import { lessonParams } from './contract.ts'
import { displayNames } from './display-names.ts'
import { filesOf, gradeSubmission, requireSubmission } from './grade-submission.ts'
import { Submission } from './submission.ts'
import {
  gradeBody,
  presentSubmission,
  type SubmissionJson,
  submissionBody,
  submissionFileParams,
  submissionForm,
  submissionJson,
  submissionParams,
  submissionsQuery,
} from './submission-contract.ts'
import { MAX_FILE_BYTES, requireAssignment, submitAssignment } from './submit-assignment.ts'

const anyFile = { mime: 'application/octet-stream' }

export function submissionRoutes(context: Context): Api[] {
  return [ofLessons(context), ofSubmissions(context)]
}

function ofLessons(context: Context): Api {
  const { config, limits } = context
  const api = new Api('/api/lessons/:id', 'Assignments')

  api.post(
    '/submissions',
    {
      summary: 'Hands in work: a text, files, or both.',
      description:
        'As JSON with the ids of own files, or as `multipart/form-data` with a field `text` and files of up to 20 MB each, ' +
        'as many as the assignment takes. What a file is, its first bytes say.',
      access: 'signed-in',
      params: lessonParams,
      body: submissionBody,
      answers: { 201: submissionJson },
    },
    async (ctx, { params: { id }, body }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      const isForm = Boolean(ctx.is('multipart/form-data'))
      const { assignment } = await requireAssignment(em, viewer, id)
      if (isForm) await limits.take('submission', String(viewer.id))
      await using form = isForm
        ? await receiveForm(ctx.req, { maxFiles: assignment.max_files, maxFileBytes: MAX_FILE_BYTES })
        : null
      const work = form
        ? { ...parse(submissionForm, form.fields), assets: [], received: form.files }
        : { text: body.text, assets: body.files, received: [] }
      const { submission } = await submitAssignment(em, viewer, id, work, context)
      ctx.status = 201
      ;[ctx.body] = await present(em, [submission])
    },
  )

  api.get(
    '/submissions',
    {
      summary:
        'What one has handed in, newest first; for staff the work of all, or of one learner, or what is ungraded.',
      access: 'signed-in',
      params: lessonParams,
      query: submissionsQuery,
      answers: { 200: pageOf(submissionJson) },
    },
    async (ctx, { params: { id }, query }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      const { course, standing } = await requireAssignment(em, viewer, id)
      const user = may(standing, 'manage_students', course) ? query.user : viewer.id
      const where = {
        lesson: id,
        ...(user === undefined ? {} : { user }),
        ...(query.ungraded === undefined ? {} : { grade: query.ungraded === 'true' ? null : { $ne: null } }),
      }
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) => em.findAndCount(Submission, where, { orderBy: { id: 'desc' }, limit, offset }),
        (rows) => present(em, rows),
      )
    },
  )

  return api
}

function ofSubmissions({ progress, queue, store }: Context): Api {
  const api = new Api('/api/submissions/:id', 'Assignments')

  api.get(
    '/',
    {
      summary: 'One submission, for its learner and for who may grade it.',
      access: 'signed-in',
      params: submissionParams,
      answers: { 200: submissionJson },
    },
    async (ctx, { params: { id } }) => {
      const { em } = ctx.state
      const { submission } = await requireSubmission(em, requireViewer(ctx.state), id)
      ;[ctx.body] = await present(em, [submission])
    },
  )

  api.patch(
    '/',
    {
      summary: 'Grades it.',
      access: 'signed-in',
      params: submissionParams,
      body: gradeBody,
      answers: { 200: submissionJson },
    },
    async (ctx, { params: { id }, body }) => {
      const { em } = ctx.state
      const { grade, comment } = body
      const submission = await gradeSubmission(
        em,
        requireViewer(ctx.state),
        id,
        { grade, comment },
        { progress, queue },
      )
      ;[ctx.body] = await present(em, [submission])
    },
  )

  api.get(
    '/files/:asset',
    {
      summary: 'A file of a submission, for its learner and for who may grade it.',
      access: 'signed-in',
      params: submissionFileParams,
      answers: { 200: anyFile, 206: anyFile },
    },
    async (ctx, { params }) => {
      const { em } = ctx.state
      const { submission } = await requireSubmission(em, requireViewer(ctx.state), params.id)
      const isItsOwn = submission.files.includes(params.asset)
      const asset = isItsOwn ? await em.findOne(MediaAsset, { id: params.asset }) : null
      if (!asset) throw new DomainError('file_missing')
      await sendAsset(ctx, store, asset)
    },
  )

  return api
}

async function present(em: EntityManager, submissions: readonly Submission[]): Promise<SubmissionJson[]> {
  const assets = await filesOf(em, submissions)
  const nameOf = await displayNames(
    em,
    submissions.map(({ user }) => user.id),
  )
  return submissions.map((submission) => presentSubmission(submission, nameOf(submission.user.id), assets))
}
