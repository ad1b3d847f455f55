import { delay } from './clock.ts'
import { decodeClicks, decodePictures } from './decode.ts'
import { publishGlass } from './glass-publisher.ts'
import { mediaUrls } from './playlists.ts'
import { descendants } from './processes.ts'
import { atMost, type Figure, type Scenario } from './scenario.ts'
import { type Stage, startStage } from './show.ts'

const LOOK_EVERY_MS = 30_000
const MB = 2 ** 20

interface Look {
  minutes: number
  /** How much later than its picture a click is heard, milliseconds. */
  soundLateMs: number
  mediaBytes: number
  ffmpegBytes: number
}

/** A click and a picture belong together when encoder counted them so: click k at k s, picture n at n/30 s. */
export function driftScenario(showMinutes: number): Scenario {
  return {
    about: `a show of ${showMinutes} min: whether sound and picture drift apart, whether memory grows`,
    async run({ say }): Promise<Figure[]> {
      await using stage = await startStage()
      await using publisher = publishGlass(stage.publishUrl, { sound: 'clicks' })
      const { playbackPath } = await stage.untilLive()
      const looks: Look[] = []
      while (Date.now() < publisher.startedAtMs + showMinutes * 60_000) {
        await delay(LOOK_EVERY_MS)
        const look = await lookAt(stage, playbackPath, publisher.startedAtMs)
        looks.push(look)
        say(
          `${look.minutes.toFixed(1)} min: sound ${look.soundLateMs.toFixed(1)} ms late, media ${Math.round(look.mediaBytes / MB)} MB`,
        )
      }
      const offsets = looks.map(({ soundLateMs }) => soundLateMs)
      const drift = (Math.max(...offsets) - Math.min(...offsets)) / 1000
      const last = looks.at(-1)
      const system = 'Ustat'
      return [
        {
          ...{ system, what: `${showMinutes} min: drift of sound against picture`, value: drift, unit: 's' },
          goal: atMost(drift, 0.1, 's'),
          note: `${looks.length} looks; sound ${Math.round(offsets[0] ?? 0)} ms late at the beginning, ${Math.round(offsets.at(-1) ?? 0)} ms at the end`,
        },
        memoryFigure('media', looks, ({ mediaBytes }) => mediaBytes),
        memoryFigure('its ffmpeg', looks, ({ ffmpegBytes }) => ffmpegBytes),
      ].map((figure) => ({ ...figure, note: figure.note ?? `${last?.minutes} min` }))
    },
  }
}

/** Growth over the second half, when caches and heaps have found their size. */
function memoryFigure(name: string, looks: readonly Look[], of: (look: Look) => number): Figure {
  const late = looks.slice(Math.floor(looks.length / 2))
  const perMinute = (60_000 / LOOK_EVERY_MS) * slope(late.map(of))
  return {
    ...{ system: 'Ustat', what: `memory of ${name}, growth a minute`, value: perMinute / MB, unit: 'MB' },
    goal: atMost(perMinute / MB, 0.5, 'MB'),
    note: `${Math.round(of(looks[0] as Look) / MB)} MB at the beginning, ${Math.round(of(looks.at(-1) as Look) / MB)} MB at the end`,
  }
}

/** Of the least-squares line, a step. */
function slope(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const spreadOf = values.reduce((sum, _, at) => sum + (at - middle) ** 2, 0)
  return spreadOf === 0 ? 0 : values.reduce((sum, value, at) => sum + (at - middle) * (value - mean), 0) / spreadOf
}

async function lookAt(stage: Stage, playbackPath: string, startedAtMs: number): Promise<Look> {
  const processes = descendants(process.pid)
  const memoryOf = (pattern: RegExp) =>
    processes.filter(({ command }) => pattern.test(command)).reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  const media = processes.find(({ command }) => /media\/main\.ts/.test(command))
  const ffmpeg = processes
    // Not those that take a picture for the storyboard now and then.
    .filter(({ parent, command }) => parent === media?.pid && command.includes('-progress'))
    .reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)
  return {
    minutes: (Date.now() - startedAtMs) / 60_000,
    soundLateMs: await soundLate(`${stage.url}${playbackPath}`, startedAtMs),
    mediaBytes: memoryOf(/media\/main\.ts/),
    ffmpegBytes: ffmpeg,
  }
}

async function soundLate(multivariantUrl: string, startedAtMs: number): Promise<number> {
  const urls = await mediaUrls(multivariantUrl)
  const segments = urls?.text.split('\n').filter((line) => line !== '' && !line.startsWith('#')) ?? []
  if (!urls || segments.length === 0) throw new Error('the show has no segment')
  const names = segments.slice(-2).map((name) => new URL(name, urls.playlistUrl).href)
  const pieces = await Promise.all([urls.init, ...names].map(async (url) => (await fetch(url)).arrayBuffer()))
  const media = Buffer.concat(pieces.map((piece) => new Uint8Array(piece)))
  const offsets = (await decodePictures(media)).flatMap(({ at, drawnAtMs }) => {
    if (drawnAtMs === null) return []
    return [at - Math.round(((drawnAtMs - startedAtMs) * 30) / 1000) / 30]
  })
  // The encoder's zero on the media's clock, by the picture; a late drawing is outvoted.
  const zero = offsets.sort((a, b) => a - b)[offsets.length >> 1]
  const [click] = await decodeClicks(media)
  if (zero === undefined || click === undefined) throw new Error('no picture or no click in two segments')
  return (click - zero - Math.round(click - zero)) * 1000
}
