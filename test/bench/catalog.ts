import { load, oneByOne } from './catalog-load.ts'
import { sampleWords, seedCatalog } from './catalog-seed.ts'
import { type CatalogServer, type CatalogStage, startApi, startCatalogStage, startPeer } from './catalog-servers.ts'
import { atLeast, atMost, type Figure, type Scenario } from './scenario.ts'
import { type SteadyLoad, steadyLoad } from './steady-load.ts'

const GOAL_CACHED = 9500
const TIMES = 5
const TIMES_SEARCH = 50

interface Figures {
  cached: number
  uncached: number
  filtered: number
  search: number
}

/**
 * The catalogue beside Django REST Framework's: the same list of the same database, each server alone on one core, the database,
 * Redis and the load on the other. `uncached` asks for another page each time, so neither has the answer; what a server keeps
 * besides whole answers is its own affair: ours keeps the count of a filter's courses, and their ids by runs of 250 around a page
 * that was asked for. `uncached, p95` asks for each combination once, when nothing is kept.
 */
export const catalog: Scenario = {
  about: 'the catalogue of 100,000 courses: from the cache, uncached, filtered and ordered, searched',
  async run({ seconds, isAlone, say }) {
    await using stage = await startCatalogStage()
    say('making 100,000 courses, 1,000,000 enrollments and 200,000 reviews')
    await seedCatalog(stage.databaseUrl)
    const words = await sampleWords(stage.databaseUrl, 400)
    const each = Math.max(3, Math.min(seconds / 6, 10))
    const ours = await measureOurs(stage, words, each, say)
    if (isAlone) return ours.figures
    const peer = await measure('Django REST Framework', startPeer, stage, '/uncached/courses/', words, each, say)
    const ratio = (what: keyof Figures, times: number): Figure => {
      // Nothing answered in all the time: one more second might have brought one.
      const value = ours.rates[what] / Math.max(peer[what], 1 / each)
      const note = peer[what] === 0 ? 'at least: the peer answered nothing' : undefined
      return {
        system: 'Ustat ÷ DRF',
        what,
        value,
        unit: '×',
        goal: atLeast(value, times, '×'),
        ...(note ? { note } : {}),
      }
    }
    return [
      ...ours.figures,
      ...figuresOf('Django REST Framework', peer),
      ratio('cached', TIMES),
      ratio('uncached', TIMES),
      ratio('filtered', TIMES),
      ratio('search', TIMES_SEARCH),
    ]
  },
}

async function measureOurs(
  stage: CatalogStage,
  words: readonly string[],
  seconds: number,
  say: (line: string) => void,
): Promise<{ rates: Figures; figures: Figure[] }> {
  // Before the loads that leave this process and PostgreSQL, who share a core, with much to tidy up.
  const steady = await measureSteady(stage, seconds, say)
  const rates = await measure('Ustat', startApi, stage, '/api/courses/', words, seconds, say)
  await using server = await startApi(stage)
  say('Ustat: each combination once')
  await load(server.origin, ['/api/courses/'], { connections: 10, seconds: 2 })
  const cold = await oneByOne(server.origin, coldPaths('/api/courses/', words))
  const figures: Figure[] = [
    ...figuresOf('Ustat', rates).map((figure) =>
      figure.what === 'cached' ? { ...figure, goal: atLeast(figure.value, GOAL_CACHED, '1/s') } : figure,
    ),
    {
      system: 'Ustat',
      what: 'cached, p99 at 2,000 1/s',
      value: steady.answered.p99,
      unit: 'ms',
      goal: atMost(steady.answered.p99, 15, 'ms'),
      note: `p50 ${steady.answered.p50.toFixed(1)}, max ${steady.answered.max.toFixed(0)}, of it sent late p99 ${steady.late.p99.toFixed(1)}`,
    },
    {
      system: 'Ustat',
      what: 'uncached, p95 of filter, order and search combined',
      value: cold.p95,
      unit: 'ms',
      goal: atMost(cold.p95, 60, 'ms'),
      note: `p50 ${cold.p50.toFixed(1)}, max ${cold.max.toFixed(0)} of ${cold.count}, nothing kept`,
    },
  ]
  return { rates, figures }
}

async function measureSteady(stage: CatalogStage, seconds: number, say: (line: string) => void): Promise<SteadyLoad> {
  await using server = await startApi(stage)
  say('Ustat: 2,000 requests a second')
  await load(server.origin, ['/api/courses/'], { connections: 50, seconds: 2 })
  const steady = await steadyLoad(`${server.origin}/api/courses/`, { connections: 50, seconds, rate: 2000 })
  if (steady.failures > 0) say(`Ustat: ${steady.failures} failed`)
  return steady
}

async function measure(
  system: string,
  start: (stage: CatalogStage) => Promise<CatalogServer>,
  stage: CatalogStage,
  uncached: string,
  words: readonly string[],
  seconds: number,
  say: (line: string) => void,
): Promise<Figures> {
  await using server = await start(stage)
  const rate = async (what: string, paths: readonly string[], connections: number) => {
    say(`${system}: ${what}`)
    const { perSecond, failures } = await load(server.origin, paths, { connections, seconds })
    if (failures > 0) say(`${system}: ${failures} failed`)
    return perSecond
  }
  await load(server.origin, ['/api/courses/'], { connections: 10, seconds: 2 })
  return {
    cached: await rate('from the cache', ['/api/courses/'], 50),
    uncached: await rate('uncached', pagePaths(uncached), 10),
    filtered: await rate('filtered and ordered', filteredPaths(uncached), 10),
    search: await rate('searched', searchPaths(uncached, words), 10),
  }
}

function figuresOf(system: string, figures: Figures): Figure[] {
  return Object.entries(figures).map(([what, value]) => ({ system, what, value, unit: '1/s' }))
}

const orders = ['price', 'created_at', 'average_rating', 'students_count', 'duration_hours'].flatMap((field) => [
  field,
  `-${field}`,
])

/** Pages of the whole list, of several sizes: more of them than are asked for in the time. */
function pagePaths(path: string): string[] {
  return disordered(
    [20, 21, 22, 23, 24].flatMap((size) => range(1, 3000).map((page) => `${path}?page_size=${size}&page=${page}`)),
  )
}

const filters = [
  ...range(1, 20).map((id) => `category=${id}`),
  ...['beginner', 'intermediate', 'advanced'].map((difficulty) => `difficulty=${difficulty}&language__in=ru`),
  ...range(1, 10).map((step) => `price_min=${step * 500}&price_max=${step * 1500}&type=video`),
  ...range(1, 4).map((step) => `average_rating_min=${(2 + step * 0.4).toFixed(1)}&duration_hours_max=${9 - step}`),
]

function filteredPaths(path: string): string[] {
  return disordered(
    filters.flatMap((filter) =>
      orders.flatMap((order) => range(1, 10).map((page) => `${path}?${filter}&ordering=${order}&page=${page}`)),
    ),
  )
}

function searchPaths(path: string, words: readonly string[]): string[] {
  return disordered(
    words.flatMap((word) => orders.map((order) => `${path}?search=${encodeURIComponent(word)}&ordering=${order}`)),
  )
}

/** Each with filters that nobody had before it. */
function coldPaths(path: string, words: readonly string[]): string[] {
  return range(0, 299).map((at) => {
    const filter = at % 3 === 0 ? '' : `&${filters[(at * 7) % filters.length]}`
    const search = at % 4 === 0 ? '' : `&search=${encodeURIComponent(words[at] ?? '')}`
    return `${path}?duration_hours_min=-${at}${filter}${search}&ordering=${orders[at % orders.length]}&page_size=20`
  })
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, at) => from + at)
}

/** The same disorder each time. */
function disordered(paths: readonly string[]): string[] {
  const step = 7919
  return paths.map((_, at) => paths[(at * step) % paths.length] ?? '')
}
