import { z } from 'zod'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { answerIfChanged } from '../http/viewer.ts'
import { Remembered } from '../remembered.ts'
import { Category } from './category.ts'
import {
  type CategoryTreeJson,
  categoryBody,
  categoryJson,
  categoryTreeJson,
  idParams,
  presentCategory,
} from './contract.ts'
import { addCategory, deleteCategory, editCategory } from './edit-categories.ts'

/** The menu is on every page; another process's change is seen this late. */
const REMEMBERED_MS = 15_000

/** The catalogue's branches; an admin's to change. */
export function categoryRoutes({ catalogCache, orm }: Context): Api {
  const api = new Api('/api/categories', 'Catalogue')
  const trees = new Remembered(async () => {
    const categories = await orm.em.fork().find(Category, {}, { orderBy: { name: 'asc', id: 'asc' } })
    return branchesOf(categories, null)
  }, REMEMBERED_MS)

  async function changed(): Promise<void> {
    trees.forgetAll()
    await catalogCache.bump()
  }

  api.get(
    '/',
    { summary: 'All categories as a tree.', access: 'anyone', answers: { 200: z.array(categoryTreeJson) } },
    async (ctx) => {
      answerIfChanged(ctx, await trees.get('all'))
    },
  )

  api.post(
    '/',
    { summary: 'Add a category.', access: 'admin', body: categoryBody, answers: { 201: categoryJson } },
    async (ctx, { body }) => {
      ctx.body = presentCategory(await addCategory(ctx.state.em, body))
      ctx.status = 201
      await changed()
    },
  )

  api.put(
    '/:id',
    {
      summary: 'Replace all fields of a category; its slug stays unless it is given.',
      access: 'admin',
      params: idParams,
      body: categoryBody,
      answers: { 200: categoryJson },
    },
    async (ctx, { params, body }) => {
      ctx.body = presentCategory(await editCategory(ctx.state.em, params.id, body))
      await changed()
    },
  )

  api.delete(
    '/:id',
    {
      summary: 'Delete a category and those below it, unless a course is in one of them.',
      access: 'admin',
      params: idParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await deleteCategory(ctx.state.em, params.id)
      await changed()
      ctx.status = 204
    },
  )

  return api
}

function branchesOf(categories: readonly Category[], parent: number | null): CategoryTreeJson[] {
  return categories
    .filter((category) => (category.parent?.id ?? null) === parent)
    .map((category) => ({ ...presentCategory(category), children: branchesOf(categories, category.id) }))
}
