import { openBrowser } from './browser.ts'
import { delay, until } from './clock.ts'
import { publishFile, sourceFile } from './file-publisher.ts'
import { mediaUrls } from './playlists.ts'
import { atMost, type BenchOptions, type Figure, type Scenario } from './scenario.ts'
import { startStage } from './show.ts'
import { spread } from './statistics.ts'

const VISITS = 10
const STARTS = 3

export const firstFrame: Scenario = {
  about: 'how soon a page shows a running show, and how soon a show can be played at all',
  async run({ say }: BenchOptions): Promise<Figure[]> {
    // An encoder runs on the teacher's machine: here it must not take the processor that the page needs.
    const file = await sourceFile({ width: 1280, height: 720, videoKbps: 2500, seconds: 20 })
    await using stage = await startStage()
    await using browser = await openBrowser()

    const playable: number[] = []
    const shown: number[] = []
    for (let start = 0; start < STARTS; start++) {
      say(`start ${start + 1} of ${STARTS}`)
      // One who waits on the page for the show to begin.
      await using waiting = await browser.open(stage.pageUrl)
      await until('the offline page', () => waiting.page.evaluate(() => document.readyState === 'complete'))
      await delay(1000)
      const first = Date.now()
      await using publisher = publishFile(file, stage.publishUrl)
      const { playbackPath } = await stage.untilLive()
      await until('a part', () => isPlayable(`${stage.url}${playbackPath}`), { everyMs: 10 })
      playable.push(Date.now() - first)
      await waiting.untilPlaying(20_000)
      shown.push(((await waiting.notes()).frames[0]?.calledAtMs ?? Number.NaN) - first)
      await publisher.stop()
      await until('the end', async () => (await stage.findShow()) === null)
    }

    await using _publisher = publishFile(file, stage.publishUrl)
    await stage.untilLive()
    await delay(8000)
    const visits: number[] = []
    for (let visit = 0; visit < VISITS; visit++) {
      say(`visit ${visit + 1} of ${VISITS}`)
      await using viewer = await browser.open(stage.pageUrl)
      await viewer.untilPlaying(20_000)
      const { navigatedAtMs, frames } = await viewer.notes()
      visits.push((frames[0]?.calledAtMs ?? Number.NaN) - navigatedAtMs)
    }
    const open = spread(visits)
    const system = 'Ustat'
    return [
      {
        ...{ system, what: 'page opened to first frame, p50', value: open.p50 / 1000, unit: 's' },
        goal: atMost(open.p50 / 1000, 1, 's'),
        note: `${VISITS} visits with an empty cache, max ${(open.max / 1000).toFixed(2)} s`,
      },
      {
        ...{ system, what: 'encoder started to playable, max', value: Math.max(...playable) / 1000, unit: 's' },
        goal: atMost(Math.max(...playable) / 1000, 3, 's'),
        note: `${STARTS} starts, from ${(Math.min(...playable) / 1000).toFixed(2)} s; its connecting is in it`,
      },
      {
        ...{ system, what: 'encoder started to first frame in a waiting page, max', unit: 's' },
        value: Math.max(...shown) / 1000,
        note: `from ${(Math.min(...shown) / 1000).toFixed(2)} s; the page asks every 3 s`,
      },
    ]
  },
}

/** All that a player fetches before it has a picture can be fetched. */
async function isPlayable(url: string): Promise<boolean> {
  const { init, media } = (await mediaUrls(url)) ?? {}
  if (!init || !media) return false
  const answers = await Promise.all([fetch(init), fetch(media)])
  for (const answer of answers) if (answer.ok) await answer.arrayBuffer()
  return answers.every(({ ok }) => ok)
}
