import { tariffs, tariffsCheckedOn } from '../../config/storage-tariffs.ts'
import type { Context } from '../context.ts'
import type { EntityManager } from '../db/orm.ts'
import { DomainError } from '../errors.ts'
import { Api } from '../http/api.ts'
import { requireViewer } from '../http/request.ts'
import {
  type LibraryJson,
  libraryJson,
  presentCosts,
  presentRun,
  presentStatus,
  type RunJson,
  runBody,
  runJson,
  runParams,
} from './contract.ts'
import { costOf, usageOf } from './cost.ts'
import { LibraryRun } from './library-run.ts'
import { cancelRun, startRun } from './start-run.ts'
import { statusOf } from './status.ts'
import { withManifest } from './with-manifest.ts'

/** The media library for admins, over the functions of `npm run library`. */
export function libraryRoutes({ config, queue, store }: Context): Api {
  const api = new Api('/api/admin/library', 'Administration')

  api.get(
    '/',
    {
      summary: 'The folders of the media library, what it would cost, and what the last runs over it found.',
      access: 'admin',
      answers: { 200: libraryJson },
    },
    async (ctx) => {
      const { em } = ctx.state
      const rows = await withManifest(config.database.url, (manifest) => manifest.rows(''))
      ctx.set('Cache-Control', 'no-store')
      ctx.body = {
        store: store.kind,
        ...presentStatus(statusOf(rows)),
        costs: presentCosts(costOf(usageOf(rows), tariffs)),
        prices_checked_on: tariffsCheckedOn,
        current: await last(em, { status: { $in: ['queued', 'processing'] } }),
        last_validation: await last(em, { kind: 'validate', status: { $in: ['ready', 'failed'] } }),
        last_pruning: await last(em, { kind: 'prune', status: { $in: ['ready', 'failed'] } }),
      } satisfies LibraryJson
    },
  )

  api.post(
    '/runs',
    {
      summary: 'Validates the library, or deletes what no file of it is in; one run at a time.',
      description:
        'Progress comes over `/ws` as `job` frames to who began it. A pruning that is not a dry run cannot be undone.',
      access: 'admin',
      body: runBody,
      answers: { 202: runJson },
    },
    async (ctx, { body }) => {
      const { em, address } = ctx.state
      ctx.status = 202
      ctx.body = presentRun(await startRun(em, queue, { person: requireViewer(ctx.state), address }, body))
    },
  )

  api.get(
    '/runs/:id',
    { summary: 'How far a run is, or what it found.', access: 'admin', params: runParams, answers: { 200: runJson } },
    async (ctx, { params }) => {
      const run = await ctx.state.em.findOne(LibraryRun, { id: params.id })
      if (!run) throw new DomainError('library_run_not_found')
      ctx.set('Cache-Control', 'no-store')
      ctx.body = presentRun(run)
    },
  )

  api.delete(
    '/runs/:id',
    {
      summary: 'Cancels a run; what a pruning has deleted stays deleted.',
      access: 'admin',
      params: runParams,
      answers: { 204: null },
    },
    async (ctx, { params }) => {
      await cancelRun(ctx.state.em, params.id)
      ctx.status = 204
    },
  )

  return api
}

async function last(em: EntityManager, which: object): Promise<RunJson | null> {
  const run = await em.findOne(LibraryRun, which, { orderBy: { createdAt: 'desc', id: 'desc' } })
  return run && presentRun(run)
}
