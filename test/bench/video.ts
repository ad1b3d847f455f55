import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPlatform } from '../support/platform.ts'
import { atMost, type BenchOptions, type Figure, type Scenario } from './scenario.ts'
import { spread } from './statistics.ts'
import { uploadAndWait } from './video-first-picture.ts'
import { gatewayFigures } from './video-gateway.ts'
import { byHand, byUs, handWritten, type Ladder, videoFile } from './video-ladder.ts'

const ROUNDS = 3
/** Of a video's length, from its last byte to its first picture. */
const PLAYABLE_SHARE = 0.2

/**
 * A file of 1080 lines as a phone makes it becomes a video: how long its renditions take beside an ffmpeg command that somebody
 * wrote for it, how soon it can be watched after its upload, and how fast its segments leave.
 */
export const video: Scenario = {
  about: 'an uploaded video: its ladder beside ffmpeg by hand, how soon it plays, its segments beside nginx alone',
  async run(options) {
    const directory = mkdtempSync(join(tmpdir(), 'ustat-video-bench-'))
    try {
      const seconds = Math.min(60, options.seconds)
      const file = await videoFile(seconds, options.say)
      const ladders = options.isAlone ? [] : await ladderFigures(file, seconds, directory, options)
      await using platform = await startPlatform({ LOG_LEVEL: 'warn' }, tmpdir())
      options.say(`upload of ${seconds} s`)
      const uploaded = await uploadAndWait(platform, file)
      const share = PLAYABLE_SHARE * seconds
      const system = 'Ustat'
      return [
        ...ladders,
        {
          ...{ system, what: 'last byte of the upload to the first picture of the lowest rendition', unit: 's' },
          ...withGoal(uploaded.playableSeconds, share, 's'),
          note: `${((100 * uploaded.playableSeconds) / seconds).toFixed(0)} % of ${seconds} s`,
        },
        {
          ...{ system, what: 'last byte of the upload to the whole lowest rendition', unit: 's' },
          value: uploaded.wholeSeconds,
          note: `it grows ${(seconds / uploaded.wholeSeconds).toFixed(1)} times as fast as it is watched; ready with its pictures after ${uploaded.readySeconds.toFixed(1)} s`,
        },
        ...(await gatewayFigures(platform, uploaded, directory, options)),
      ]
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  },
}

/** In turns, so that a machine that slows down slows all. */
async function ladderFigures(
  file: string,
  seconds: number,
  directory: string,
  { say }: BenchOptions,
): Promise<Figure[]> {
  const makers: [string, (directory: string) => Promise<Ladder>][] = [
    ['Ustat', (at) => byUs(file, at)],
    ...handWritten.map(({ name, filter }): [string, (at: string) => Promise<Ladder>] => [
      name,
      (at) => byHand(file, filter, at),
    ]),
  ]
  const taken = new Map(makers.map(([name]) => [name, [] as Ladder[]]))
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, make] of makers) {
      const work = mkdtempSync(join(directory, 'ladder-'))
      const ladder = await make(work)
      rmSync(work, { recursive: true, force: true })
      say(
        `ladder of ${seconds} s: ${name} ${ladder.seconds.toFixed(1)} s, ${ladder.cpuSeconds.toFixed(1)} s of processor`,
      )
      taken.get(name)?.push(ladder)
    }
  }
  const median = (name: string, of: 'seconds' | 'cpuSeconds') =>
    spread((taken.get(name) ?? []).map((one) => one[of])).p50
  const rivals = handWritten.map(({ name }) => median(name, 'seconds'))
  const ratio = median('Ustat', 'seconds') / Math.min(...rivals)
  const what = `ladder of four from ${seconds} s of 1080p`
  return [
    ...makers.map(([name]): Figure => {
      const spreadOf = (taken.get(name) ?? []).map((one) => one.seconds.toFixed(1)).join(', ')
      const note = `${spreadOf}; ${median(name, 'cpuSeconds').toFixed(1)} s of processor; lowest ${taken.get(name)?.[0]?.segments} segments`
      return { system: name, what, value: median(name, 'seconds'), unit: 's', note }
    }),
    { system: 'Ustat ÷ the quicker by hand', what, unit: '×', ...withGoal(ratio, 1, '×') },
  ]
}

function withGoal(value: number, limit: number, unit: string): Pick<Figure, 'value' | 'goal'> {
  const goal = atMost(value, Number(limit.toFixed(2)), unit)
  return { value, ...(goal ? { goal } : {}) }
}
