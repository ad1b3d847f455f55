import { readFileSync } from 'node:fs'
import { parseYaml } from '@redocly/openapi-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Platform, startPlatform } from '../support/platform.ts'
import { readExpression, readMetrics, type Selector } from '../support/prometheus.ts'
import { untilLive } from './channel.ts'
import { type Publisher, publish } from './publisher.ts'

/** The alert rules and the dashboard, against what every process of a running platform really tells Prometheus. */
const rules = parseYaml(readFileSync('config/monitoring/alerts.yml', 'utf8')) as {
  groups: { name: string; rules: Rule[] }[]
}
const dashboard = JSON.parse(readFileSync('config/monitoring/grafana/dashboard.json', 'utf8')) as { panels: Panel[] }
const scraping = parseYaml(readFileSync('config/monitoring/prometheus.yml', 'utf8')) as {
  scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[]
}

interface Rule {
  alert: string
  expr: string
  labels: { severity: string }
  annotations: { summary: string }
}
interface Panel {
  title: string
  type: string
  targets?: { expr: string; legendFormat: string }[]
  gridPos: { x: number; y: number; w: number; h: number }
}

const alerts = rules.groups.flatMap((group) => group.rules)
const charts = dashboard.panels.filter(({ type }) => type !== 'row')
const jobs = scraping.scrape_configs.map(({ job_name }) => job_name)

/** Only where TLS_CERT is set, which this platform has none of: test/media/metrics.test.ts has it. */
const ELSEWHERE = 'ustat_certificate_expires_seconds'

let platform: Platform
let publisher: Publisher
let metrics: ReturnType<typeof readMetrics>

beforeAll(async () => {
  platform = await startPlatform()
  publisher = await publish(await platform.publishUrl())
  await untilLive(platform)
  await fetch(`${platform.url}/api/courses/`)
  await fetch(`${platform.url}/api/courses/`)
  const told = await Promise.all(
    (['api', 'worker', 'chat-1', 'media'] as const).map((process) => platform.askInside(process, '/metrics')),
  )
  expect(told.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  metrics = readMetrics(told.map(({ body }) => body))
})

afterAll(async () => {
  await publisher?.stop()
  await platform?.[Symbol.asyncDispose]()
})

/** What is wrong with it, as a sentence; null when a process exposes exactly this. */
function problemOf({ name, labels, matches }: Selector): string | null {
  if (name === ELSEWHERE) return null
  if (name === 'up') {
    const unknown = matches.find(({ label, value }) => label === 'job' && !jobs.includes(value))
    return unknown ? `nothing is scraped as ${unknown.value}` : null
  }
  const metric = metrics.get(name)
  if (!metric) return `no process exposes ${name}`
  // A counter by code has no series before its first: nothing more can be said of it.
  if (metric.size === 0) return null
  const scraped = new Set(['job', 'instance', 'le', ...metric.keys()])
  const label = labels.find((known) => !scraped.has(known))
  if (label) return `${name} has no label ${label}`
  const match = matches.find((one) => one.isExact && metric.has(one.label) && !metric.get(one.label)?.has(one.value))
  return match ? `${name} has no ${match.label}="${match.value}"` : null
}

describe('the alert rules', () => {
  it('name only metrics, labels and values that some process exposes', () => {
    const problems = alerts.flatMap(({ alert, expr }) => readExpression(expr).map((one) => [alert, problemOf(one)]))
    expect(problems.length).toBeGreaterThan(35)
    expect(problems.filter(([, problem]) => problem)).toEqual([])
  })

  it('have names of their own, a severity, and a sentence that says what to do', () => {
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length)
    for (const { alert, labels, annotations } of alerts) {
      expect([alert, ['critical', 'warning']]).toEqual([alert, expect.arrayContaining([labels.severity])])
      expect([alert, annotations.summary.split(/[.,;:] /).length]).toEqual([alert, expect.toSatisfy((n) => n > 1)])
    }
  })

  it('would notice a metric, a label or a value that is not there', () => {
    const problem = (expr: string) => readExpression(expr).map(problemOf)
    expect(problem('rate(http_requests_total[5m]) > 1')).toEqual(['no process exposes http_requests_total'])
    expect(problem('sum by (path) (http_request_duration_seconds_count)')).toEqual([
      'http_request_duration_seconds_count has no label path',
    ])
    expect(problem('queue_jobs{state="lost"} / queue_jobs{state="waiting"}')).toEqual([
      'queue_jobs has no state="lost"',
      null,
    ])
    expect(problem('absent(up{job="web"} == 1)')).toEqual(['nothing is scraped as web'])
  })
})

describe('the dashboard', () => {
  it('shows only what some process exposes', () => {
    const problems = charts.flatMap(({ title, targets = [] }) =>
      targets.flatMap(({ expr }) => readExpression(expr).map((one) => [title, problemOf(one)])),
    )
    expect(problems.length).toBeGreaterThan(50)
    expect(problems.filter(([, problem]) => problem)).toEqual([])
  })

  it('has no two charts in one place', () => {
    const cells = charts.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)}:${y + Math.floor(n / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(Math.max(...charts.map(({ gridPos }) => gridPos.x + gridPos.w))).toBeLessThanOrEqual(24)
  })
})

it('scrapes each process of docker-compose.yml where it listens', () => {
  const compose = parseYaml(readFileSync('docker-compose.yml', 'utf8')) as {
    services: Record<string, { environment?: { LISTEN?: string }; profiles?: string[]; volumes?: string[] }>
  }
  const listening = Object.entries(compose.services)
    .filter(([, { environment }]) => environment?.LISTEN?.includes(':'))
    .map(([name, { environment }]) => `${name}:${environment?.LISTEN?.split(':')[1]}`)
  const scraped = scraping.scrape_configs.flatMap(({ dns_sd_configs }) =>
    dns_sd_configs.flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
  )
  expect(scraped.toSorted()).toEqual(listening.toSorted())
  for (const name of ['prometheus', 'grafana']) {
    const service = compose.services[name]
    expect(service?.profiles).toEqual(['monitoring'])
    for (const volume of service?.volumes?.filter((one) => one.startsWith('./')) ?? []) {
      expect(() => readFileSync(volume.split(':')[0] ?? '')).not.toThrow()
    }
  }
})
