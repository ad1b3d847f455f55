import { tmpdir } from 'node:os'
import { startPlatform } from '../support/platform.ts'
import { until } from './clock.ts'

/** The product with a demo channel that anybody may watch. */
export interface Stage extends AsyncDisposable {
  readonly url: string
  readonly pageUrl: string
  readonly publishUrl: string
  /** A guest's address of the running show, or null when there is none. */
  findShow(): Promise<Show | null>
  /** @throws when the channel is not live in time */
  untilLive(timeoutMs?: number): Promise<Show>
  /** `GET`, as a guest. */
  json<T>(path: string): Promise<T>
  log(): string
}

export interface Show {
  broadcast: string
  recording: string
  /** Path of the multivariant playlist. */
  playbackPath: string
}

interface ChannelAnswer {
  slug: string
  broadcast: { id: string; status: string; playback_url: string | null; recording: string | null } | null
}

/** Starts everything as `npm start` does, on ports and data of its own. */
export async function startStage(env: NodeJS.ProcessEnv = {}): Promise<Stage> {
  const platform = await startPlatform({ LOG_LEVEL: 'warn', HOST: '127.0.0.1', ...env }, tmpdir())
  const json = async <T>(path: string) => {
    const answer = await fetch(`${platform.url}${path}`)
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}`)
    return (await answer.json()) as T
  }
  try {
    // The api answers before media takes publishers; the launcher greets when all are there.
    await until('every process', async () => platform.log().includes('Ustat runs on'))
    const teacher = await platform.signIn('teacher@ustat.local')
    const { slug } = (await (await teacher('/api/channels/me/')).json()) as ChannelAnswer
    const findShow = async () => {
      const { broadcast } = await json<ChannelAnswer>(`/api/channels/${slug}/`)
      if (broadcast?.status !== 'live' || !broadcast.playback_url || !broadcast.recording) return null
      return { broadcast: broadcast.id, recording: broadcast.recording, playbackPath: broadcast.playback_url }
    }
    return {
      url: platform.url,
      pageUrl: `${platform.url}/c/${slug}`,
      publishUrl: await platform.publishUrl(),
      findShow,
      async untilLive(timeoutMs = 20_000) {
        try {
          return await until('the channel to be live', findShow, { timeoutMs, everyMs: 20 })
        } catch (error) {
          throw new Error(`${(error as Error).message}\n${platform.log().slice(-3000)}`, { cause: error })
        }
      },
      json,
      log: () => platform.log(),
      [Symbol.asyncDispose]: () => platform[Symbol.asyncDispose](),
    }
  } catch (error) {
    await platform[Symbol.asyncDispose]()
    throw new Error(`the product did not get ready:\n${platform.log().slice(-3000)}`, { cause: error })
  }
}
