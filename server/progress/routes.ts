import type { Context } from '../context.ts'
import { isAdmin, isStaff } from '../courses/access.ts'
import { requireCourse } from '../courses/standing.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { requireViewer } from '../http/request.ts'
import { completionRule } from './completion.ts'
import {
  beatBody,
  type CourseProgressJson,
  courseParams,
  courseProgressJson,
  lessonParams,
  overrideBody,
  presentProgress,
  presentSteps,
  progressJson,
  studentParams,
} from './contract.ts'
import { overrideProgress, requireStudent } from './override-progress.ts'
import { quizRoutes } from './quiz-routes.ts'
import { secondsOf } from './ranges.ts'
import { type CourseProgress, readCourseProgress, readProgress } from './read-progress.ts'
import { recordBeat } from './record-beat.ts'
import { submissionRoutes } from './submission-routes.ts'

/** Whose progress it is follows from the session and the path, never from a body. */
export function progressRoutes(context: Context): Api[] {
  return [lessonProgress(context), courseProgress(context), quizRoutes(context), ...submissionRoutes(context)]
}

function lessonProgress({ progress: buffer, settings }: Context): Api {
  const api = new Api('/api/lessons/:id/progress', 'Progress')

  api.get(
    '/',
    {
      summary: 'How far one is with a lesson, and what completes it.',
      access: 'signed-in',
      params: lessonParams,
      answers: { 200: progressJson },
    },
    async (ctx, { params }) => {
      const percent = settings.get('video_completion_percent')
      const { progress, rule } = await readProgress(ctx.state.em, requireViewer(ctx.state), params.id, buffer, percent)
      ctx.body = presentProgress(params.id, progress, secondsOf(progress?.ranges ?? []), rule)
    },
  )

  api.post(
    '/',
    {
      summary: 'A heartbeat: every 10 s while a lesson is open, and when it is left.',
      description:
        'Nothing goes down, in whatever order heartbeats come. Watched ranges are united; no more of them is taken than ' +
        'there was time to watch, so the answer says what counts. Completion follows from `completion_rule` alone.',
      access: 'signed-in',
      params: lessonParams,
      body: beatBody,
      answers: { 200: progressJson },
    },
    async (ctx, { params, body }) => {
      const beat = {
        progress: body.progress,
        positionSeconds: body.position_seconds,
        ranges: body.ranges,
        status: body.status,
        event: body.event,
      }
      const viewer = requireViewer(ctx.state)
      const percent = settings.get('video_completion_percent')
      const { progress, rule } = await recordBeat(ctx.state.em, viewer, params.id, beat, buffer, Date.now(), percent)
      ctx.body = presentProgress(params.id, progress, secondsOf(progress.ranges), rule)
    },
  )

  return api
}

function courseProgress({ progress: buffer, settings }: Context): Api {
  const present = (course: number, user: number, found: CourseProgress) =>
    presentCourseProgress(course, user, found, settings.get('video_completion_percent'))
  const api = new Api('/api/courses/:id', 'Progress')

  api.get(
    '/progress',
    {
      summary: 'How far one is with a course, lesson by lesson.',
      access: 'signed-in',
      params: courseParams,
      answers: { 200: courseProgressJson },
    },
    async (ctx, { params: { id } }) => {
      const viewer = requireViewer(ctx.state)
      const { course, standing } = await requireCourse(ctx.state.em, viewer, id, 'view')
      if (!standing.isEnrolled && !isStaff(standing) && !isAdmin(viewer)) {
        throw new DomainError('enrollment_required', { course: id, price: course.price, currency: course.currency })
      }
      ctx.body = present(id, viewer.id, await readCourseProgress(ctx.state.em, viewer.id, id, buffer))
    },
  )

  api.get(
    '/students/:user/progress',
    {
      summary: "A learner's progress with a course, for its staff.",
      access: 'signed-in',
      params: studentParams,
      answers: { 200: courseProgressJson },
    },
    async (ctx, { params: { id, user } }) => {
      await requireStudent(ctx.state.em, requireViewer(ctx.state), id, user)
      ctx.body = present(id, user, await readCourseProgress(ctx.state.em, user, id, buffer))
    },
  )

  api.post(
    '/students/:user/progress',
    {
      summary: 'Completes a lesson for a learner, or lets them begin it anew.',
      access: 'signed-in',
      params: studentParams,
      body: overrideBody,
      answers: { 200: courseProgressJson },
    },
    async (ctx, { params: { id, user }, body }) => {
      const { em } = ctx.state
      await overrideProgress(em, requireViewer(ctx.state), { course: id, user, ...body }, buffer)
      ctx.body = present(id, user, await readCourseProgress(em.fork(), user, id, buffer))
    },
  )

  return api
}

function presentCourseProgress(
  course: number,
  user: number,
  found: CourseProgress,
  watchedPercent: number,
): CourseProgressJson {
  const { enrollment, lessons } = found
  return {
    course,
    user,
    enrollment: enrollment && {
      id: enrollment.id,
      status: enrollment.status,
      progress_percent: enrollment.progressPercent,
      last_lesson: enrollment.lastLesson?.id ?? null,
      enrolled_at: enrollment.enrolledAt.toISOString(),
      completed_at: enrollment.completedAt?.toISOString() ?? null,
    },
    total_lessons: lessons.length,
    completed_lessons: lessons.filter(({ progress }) => progress?.status === 'completed').length,
    lessons: lessons.map(({ lesson, progress }) => ({
      lesson: lesson.id,
      module: lesson.module.id,
      title: lesson.title,
      content_type: lesson.contentType,
      ...presentSteps(progress),
      completion_rule: completionRule(lesson, watchedPercent),
    })),
  }
}
