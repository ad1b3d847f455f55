import { createHash } from 'node:crypto'
import { request } from 'node:http'
import type { EntityManager } from '../db/orm.ts'
import type { Logger } from '../logger.ts'
import type { Broadcast } from './broadcast.ts'
import { NODE_LOST_MS } from './go-live.ts'
import { MediaNode } from './media-node.ts'

/** Tells media processes what cannot wait for their next beat. */
export class MediaNodes {
  readonly #secret: string
  readonly #log: Logger

  constructor(secret: string, log: Logger) {
    this.#secret = secret
    this.#log = log
  }

  /** Ends shows where they are held, now. A node that does not hear it is told again with its next beat. */
  async end(em: EntityManager, broadcasts: readonly Broadcast[]): Promise<void> {
    const names = broadcasts.flatMap(({ node }) => (node ? [node] : []))
    if (names.length === 0) return
    const nodes = new Map((await em.find(MediaNode, { name: { $in: names } })).map((node) => [node.name, node]))
    await Promise.all(
      broadcasts.map(async ({ id, node }) => {
        const url = nodes.get(node ?? '')?.url
        if (!url) return
        try {
          await this.#post(url, `/internal/broadcasts/${id}/end`)
        } catch (error) {
          this.#log.warn({ error, node, broadcast: id }, 'a media process did not hear that a show is over')
        }
      }),
    )
  }

  /** Where this channel's publisher connects: always the same of the nodes that live, so that one who returns finds its show. */
  async homeOf(em: EntityManager, channelId: number, now = new Date()): Promise<MediaNode | null> {
    const nodes = await em.find(MediaNode, { lastBeatAt: { $gt: new Date(now.getTime() - NODE_LOST_MS) } })
    const weight = ({ name }: MediaNode) => createHash('sha256').update(`${name}:${channelId}`).digest('hex')
    return nodes.toSorted((a, b) => weight(a).localeCompare(weight(b)))[0] ?? null
  }

  #post(base: string, path: string): Promise<void> {
    const target = base.startsWith('unix:')
      ? { socketPath: base.replace(/^unix:(\/\/)?/, ''), path }
      : { ...addressOf(base), path }
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const call = request({
      ...target,
      method: 'POST',
      headers: { 'x-internal-secret': this.#secret, 'content-length': 0, host: 'media' },
      signal: AbortSignal.timeout(2000),
    })
    call.on('error', reject)
    call.on('response', (answer) => {
      answer.resume()
      const status = answer.statusCode ?? 0
      // 404: it holds it no more, which is what was wanted.
      if (status < 300 || status === 404) resolve()
      else reject(new Error(`the media process answered ${status}`))
    })
    call.end()
    return promise
  }
}

function addressOf(base: string): { hostname: string; port: string } {
  const { hostname, port } = new URL(base)
  return { hostname, port }
}
