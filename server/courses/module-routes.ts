import type { Context } from '../context.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { pageOf, paginate } from '../http/page.ts'
import { requireViewer } from '../http/request.ts'
import { idParams } from './contract.ts'
import { addModule, deleteModule, editModule, reorderModules } from './edit-modules.ts'
import {
  type ModuleJson,
  moduleBody,
  moduleJson,
  moduleOutlineJson,
  modulePatch,
  orderJson,
  reorderModulesBody,
} from './lesson-contract.ts'
import { orMissing } from './lock-lesson.ts'
import { Module } from './module.ts'
import { findOutline } from './outline.ts'
import { requireCourse } from './standing.ts'

/** Modules of a course. Rules live in the operations. */
export function moduleRoutes({ config, queue, catalogCache }: Context): Api[] {
  const ofCourse = new Api('/api/courses', 'Modules')
  const api = new Api('/api/modules', 'Modules')

  ofCourse.get(
    '/:id/modules',
    {
      summary: 'Modules of a course, with their lessons but nothing of what is in them.',
      access: 'anyone',
      params: idParams,
      answers: { 200: pageOf(moduleOutlineJson) },
    },
    async (ctx, { params }) => {
      const { em, viewer } = ctx.state
      const { course, standing } = await requireCourse(em, viewer, params.id, 'view')
      const modules = await findOutline(em, course, standing)
      ctx.body = await paginate(
        ctx,
        config.publicUrl,
        async (limit, offset) => [modules.slice(offset, offset + limit), modules.length],
        (rows) => rows,
      )
    },
  )

  ofCourse.post(
    '/:id/modules',
    {
      summary: 'Add a module: at the end, or at an order, and what stands there moves on.',
      access: 'signed-in',
      params: idParams,
      body: moduleBody,
      answers: { 201: moduleJson },
    },
    async (ctx, { params, body }) => {
      ctx.body = present(await addModule(ctx.state.em, requireViewer(ctx.state), params.id, body))
      ctx.status = 201
    },
  )

  api.post(
    '/reorder',
    {
      summary: 'Bring all modules of a course into an order.',
      access: 'signed-in',
      body: reorderModulesBody,
      answers: { 200: orderJson },
    },
    async (ctx, { body }) => {
      ctx.body = { order: await reorderModules(ctx.state.em, requireViewer(ctx.state), body) }
    },
  )

  api.get(
    '/:id',
    {
      summary: 'A module with its lessons, but nothing of what is in them.',
      access: 'anyone',
      params: idParams,
      answers: { 200: moduleOutlineJson },
    },
    async (ctx, { params }) => {
      const { em, viewer } = ctx.state
      const module = await em.findOne(Module, { id: params.id })
      if (!module) throw new DomainError('module_not_found')
      const found = await orMissing('module_not_found', requireCourse(em, viewer, module.course.id, 'view'))
      const [outline] = await findOutline(em, found.course, found.standing, module.id)
      if (!outline) throw new DomainError('module_not_found')
      ctx.body = outline
    },
  )

  for (const [method, body, summary] of [
    ['put', moduleBody, 'Replace all fields of a module but its order, which moves it when it is given.'],
    ['patch', modulePatch, 'Change the fields that are given.'],
  ] as const) {
    api[method](
      '/:id',
      { summary, access: 'signed-in', params: idParams, body, answers: { 200: moduleJson } },
      async (ctx, { params, body: fields }) => {
        ctx.body = present(await editModule(ctx.state.em, requireViewer(ctx.state), params.id, fields))
      },
    )
  }

  api.delete(
    '/:id',
    {
      summary: 'Delete a module with its lessons, unless learners have begun one that is shown.',
      access: 'signed-in',
      params: idParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await deleteModule(ctx.state.em, queue, requireViewer(ctx.state), params.id)
      await catalogCache.bump()
      ctx.status = 204
    },
  )

  return [ofCourse, api]
}

function present({ id, course, title, description, order, isFree }: Module): ModuleJson {
  return { id, course: course.id, title, description, order, is_free: isFree }
}
