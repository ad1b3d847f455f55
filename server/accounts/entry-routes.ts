import type { z } from 'zod'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { sanitizeHtml } from '../http/sanitize.ts'
import { addEntry, requireEntry } from './add-entry.ts'
import { Education } from './education.ts'
import { latestFirst } from './find-profile.ts'
import {
  educationBody,
  educationJson,
  idParams,
  pagedQuery,
  presentEducation,
  presentWorkExperience,
  workExperienceBody,
  workExperienceJson,
} from './profile-contract.ts'
import { WorkExperience } from './work-experience.ts'

/** Where somebody studied: `/api/profiles/me/education/`. */
export function educationRoutes({ config, catalogCache }: Context): Api {
  const api = new Api('/api/profiles/me/education', 'Profiles')

  api.get(
    '/',
    {
      summary: 'The own education: what goes on first, then the latest.',
      access: 'signed-in',
      query: pagedQuery,
      answers: { 200: pageOf(educationJson) },
    },
    async (ctx) => {
      const own = { profile: { user: requireViewer(ctx.state).id } }
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) => ctx.state.em.findAndCount(Education, own, { orderBy: latestFirst, limit, offset }),
        (entries) => entries.map(presentEducation),
      )
    },
  )

  api.post(
    '/',
    { summary: 'Adds one; fifty at most.', access: 'signed-in', body: educationBody, answers: { 201: educationJson } },
    async (ctx, { body }) => {
      const entry = await addEntry(ctx.state.em, Education, requireViewer(ctx.state).id, educationOf(body))
      await catalogCache.bump()
      ctx.status = 201
      ctx.body = presentEducation(entry)
    },
  )

  api.put(
    '/:id',
    {
      summary: 'Replaces one.',
      access: 'signed-in',
      params: idParams,
      body: educationBody,
      answers: { 200: educationJson },
    },
    async (ctx, { params, body }) => {
      const entry = await requireEntry(ctx.state.em, Education, requireViewer(ctx.state).id, params.id)
      Object.assign(entry, educationOf(body))
      await ctx.state.em.flush()
      await catalogCache.bump()
      ctx.body = presentEducation(entry)
    },
  )

  api.delete(
    '/:id',
    { summary: 'Removes one.', access: 'signed-in', params: idParams, answers: { 204: null } },
    async (ctx, { params }) => {
      const entry = await requireEntry(ctx.state.em, Education, requireViewer(ctx.state).id, params.id)
      await ctx.state.em.remove(entry).flush()
      await catalogCache.bump()
      ctx.status = 204
    },
  )

  return api
}

/** Where somebody worked: `/api/profiles/me/work-experience/`. */
export function workExperienceRoutes({ config, catalogCache }: Context): Api {
  const api = new Api('/api/profiles/me/work-experience', 'Profiles')

  api.get(
    '/',
    {
      summary: 'The own work: what goes on first, then the latest.',
      access: 'signed-in',
      query: pagedQuery,
      answers: { 200: pageOf(workExperienceJson) },
    },
    async (ctx) => {
      const own = { profile: { user: requireViewer(ctx.state).id } }
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        (limit, offset) => ctx.state.em.findAndCount(WorkExperience, own, { orderBy: latestFirst, limit, offset }),
        (entries) => entries.map(presentWorkExperience),
      )
    },
  )

  api.post(
    '/',
    {
      summary: 'Adds one; fifty at most.',
      access: 'signed-in',
      body: workExperienceBody,
      answers: { 201: workExperienceJson },
    },
    async (ctx, { body }) => {
      const entry = await addEntry(ctx.state.em, WorkExperience, requireViewer(ctx.state).id, workOf(body))
      await catalogCache.bump()
      ctx.status = 201
      ctx.body = presentWorkExperience(entry)
    },
  )

  api.put(
    '/:id',
    {
      summary: 'Replaces one.',
      access: 'signed-in',
      params: idParams,
      body: workExperienceBody,
      answers: { 200: workExperienceJson },
    },
    async (ctx, { params, body }) => {
      const entry = await requireEntry(ctx.state.em, WorkExperience, requireViewer(ctx.state).id, params.id)
      Object.assign(entry, workOf(body))
      await ctx.state.em.flush()
      await catalogCache.bump()
      ctx.body = presentWorkExperience(entry)
    },
  )

  api.delete(
    '/:id',
    { summary: 'Removes one.', access: 'signed-in', params: idParams, answers: { 204: null } },
    async (ctx, { params }) => {
      const entry = await requireEntry(ctx.state.em, WorkExperience, requireViewer(ctx.state).id, params.id)
      await ctx.state.em.remove(entry).flush()
      await catalogCache.bump()
      ctx.status = 204
    },
  )

  return api
}

function educationOf(body: z.output<typeof educationBody>) {
  const { institution, degree, field_of_study: fieldOfStudy, start_date: startDate, end_date: endDate } = body
  return { institution, degree, fieldOfStudy, startDate, endDate }
}

function workOf(body: z.output<typeof workExperienceBody>) {
  const { company, position, description, start_date: startDate, end_date: endDate } = body
  return { company, position, description: sanitizeHtml(description), startDate, endDate }
}
