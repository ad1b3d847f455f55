import type { Context } from '../context.ts'
import { may } from '../courses/access.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { lessonParams } from './contract.ts'
import { displayNames } from './display-names.ts'
import { QuizAttempt } from './quiz-attempt.ts'
import {
  attemptBody,
  attemptJson,
  attemptsQuery,
  gradedAttemptJson,
  presentAttempt,
  presentGraded,
  presentQuiz,
  quizJson,
  startedJson,
} from './quiz-contract.ts'
import { quizStanding, requireQuiz, startQuiz, takeQuiz } from './take-quiz.ts'

export function quizRoutes({ config, progress }: Context): Api {
  const api = new Api('/api/lessons/:id', 'Quizzes')

  api.get(
    '/quiz',
    {
      summary: 'The questions of a quiz, without their answers.',
      access: 'anyone',
      params: lessonParams,
      answers: { 200: quizJson },
    },
    async (ctx, { params: { id } }) => {
      const { em, viewer } = ctx.state
      const { lesson, quiz } = await requireQuiz(em, viewer, id)
      ctx.body = presentQuiz(lesson, quiz, viewer && (await quizStanding(em, viewer.id, id, quiz)))
    },
  )

  api.post(
    '/attempts/start',
    {
      summary: 'Starts the clock of an attempt at a quiz with a time limit; shows its questions from then on.',
      access: 'signed-in',
      params: lessonParams,
      answers: { 200: startedJson },
    },
    async (ctx, { params: { id } }) => {
      const { startedAt, endsAt } = await startQuiz(ctx.state.em, requireViewer(ctx.state), id)
      ctx.body = { started_at: startedAt.toISOString(), ends_at: endsAt?.toISOString() ?? null }
    },
  )

  api.post(
    '/attempts',
    {
      summary: 'Answers a quiz; says what was right. 409 when there are no attempts left.',
      description:
        'Texts are compared without case, spaces around and compatibility forms; numbers within their tolerance. The right ' +
        'answers come once the quiz is passed or the attempts are used up.',
      access: 'signed-in',
      params: lessonParams,
      body: attemptBody,
      answers: { 201: gradedAttemptJson },
    },
    async (ctx, { params: { id }, body }) => {
      const viewer = requireViewer(ctx.state)
      const { attempt, result, isLate, standing } = await takeQuiz(ctx.state.em, viewer, id, body.answers, progress)
      ctx.status = 201
      ctx.body = presentGraded(attempt, result, isLate, standing)
    },
  )

  api.get(
    '/attempts',
    {
      summary: "One's own attempts, newest first; for staff those of all, or of one learner.",
      access: 'signed-in',
      params: lessonParams,
      query: attemptsQuery,
      answers: { 200: pageOf(attemptJson) },
    },
    async (ctx, { params: { id }, query }) => {
      const { em } = ctx.state
      const viewer = requireViewer(ctx.state)
      const { course, standing } = await requireQuiz(em, viewer, id)
      const user = may(standing, 'manage_students', course) ? query.user : viewer.id
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) =>
          em.findAndCount(
            QuizAttempt,
            { lesson: id, ...(user === undefined ? {} : { user }) },
            { orderBy: { id: 'desc' }, limit, offset },
          ),
        async (attempts) => {
          const nameOf = await displayNames(
            em,
            attempts.map((attempt) => attempt.user.id),
          )
          return attempts.map((attempt) => presentAttempt(attempt, nameOf(attempt.user.id)))
        },
      )
    },
  )

  return api
}
