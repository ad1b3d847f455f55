import { delay, until } from './clock.ts'
import { publishFile, sourceFile } from './file-publisher.ts'
import { mediaUrls } from './playlists.ts'
import { atMost, type Figure, type Scenario } from './scenario.ts'
import { type Stage, startStage } from './show.ts'

interface RecordingAnswer {
  status: string
  duration_seconds: number
  playback_url: string | null
}

/** From the moment the encoder is told to stop until the recording's first segment has come and its last is listed. */
export function recordingScenario(showSeconds: number): Scenario {
  return {
    about: `how soon a show of ${showSeconds} s can be played as a recording`,
    async run({ say }): Promise<Figure[]> {
      const file = await sourceFile({ width: 1280, height: 720, videoKbps: 2500, seconds: 20 })
      await using stage = await startStage()
      await using publisher = publishFile(file, stage.publishUrl)
      const { recording } = await stage.untilLive()
      say(`live; ${showSeconds} s`)
      await delay(showSeconds * 1000)
      const stopped = publisher.stop()
      const seconds = await until('the recording', () => playable(stage, recording), { everyMs: 20, timeoutMs: 60_000 })
      const taken = (Date.now() - (await stopped)) / 1000
      return [
        {
          ...{ system: 'Ustat', what: `show of ${showSeconds} s: publisher stops to recording playable`, unit: 's' },
          value: taken,
          goal: atMost(taken, 2, 's'),
          note: `the recording lasts ${seconds.toFixed(1)} s`,
        },
      ]
    },
  }
}

/** Its length in seconds, once it is ready, whole, and its first segment can be had. */
async function playable(stage: Stage, recording: string): Promise<number | null> {
  const answer = await stage.json<RecordingAnswer>(`/api/recordings/${recording}/`)
  if (answer.status !== 'ready' || !answer.playback_url) return null
  const urls = await mediaUrls(new URL(answer.playback_url, stage.url).href)
  if (!urls?.isEnded) return null
  const first = await fetch(urls.media)
  if (!first.ok || (await first.arrayBuffer()).byteLength === 0) return null
  return [...urls.text.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, [, length]) => sum + Number(length), 0)
}
