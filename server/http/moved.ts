import type { Context as KoaContext } from 'koa'
import { z } from 'zod'

/** An old address; `Location` says the same. */
export const movedJson = z.object({ moved_to: z.string() })

/** Sends on to where something is now, with what it was asked. */
export function moved(ctx: KoaContext, path: string): void {
  const to = `${path}${ctx.search}`
  ctx.status = 301
  ctx.set('Location', to)
  // An address may be taken back: nobody is to remember the way round for ever.
  ctx.set('Cache-Control', 'public, max-age=3600')
  ctx.body = { moved_to: to } satisfies z.infer<typeof movedJson>
}
