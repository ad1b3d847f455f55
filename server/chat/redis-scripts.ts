import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { RedisClient } from '../redis.ts'

export type ScriptReply = number | string | ScriptReply[]

/** One of scripts/*.lua: run by its hash, and sent whole to a Redis that does not know it, as after a restart. */
export class Script {
  readonly #source: string
  readonly #sha: string

  constructor(name: string) {
    this.#source = readFileSync(new URL(`scripts/${name}.lua`, import.meta.url), 'utf8')
    this.#sha = createHash('sha1').update(this.#source).digest('hex')
  }

  async run(redis: RedisClient, keys: string[], args: (string | number)[]): Promise<ScriptReply> {
    const options = { keys, arguments: args.map(String) }
    try {
      return (await redis.evalSha(this.#sha, options)) as ScriptReply
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
      return (await redis.eval(this.#source, options)) as ScriptReply
    }
  }
}
