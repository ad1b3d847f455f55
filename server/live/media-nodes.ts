import { createHash } from 'node:crypto'
import type { EntityManager } from '../db/orm.ts'
import { callInternal } from '../http/internal-call.ts'
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

  async #post(base: string, path: string): Promise<void> {
    const { status } = await callInternal(base, { method: 'POST', path, secret: this.#secret })
    // 404: it holds it no more, which is what was wanted.
    if (status >= 300 && status !== 404) throw new Error(`the media process answered ${status}`)
  }
}
