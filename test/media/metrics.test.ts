import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { BroadcastHealth } from '../../media/host.ts'
import { createMetrics, type Measured } from '../../media/metrics.ts'

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'ustat-metrics-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const calm: BroadcastHealth = {
  ...{ status: 'live', viewers: 0, encoder: null, bitrateBps: 0, frameRate: 0, keyframeIntervalSeconds: 1 },
  ...{ width: null, height: null, droppedFrames: 0, speed: null, ladder: [], warnings: [] },
}

function aShow(health: Partial<BroadcastHealth>, lagSeconds = 0): Measured['sessions']['running'][number] {
  const grant = { channel: 'demo', broadcast: `show ${lagSeconds}`, recording: 'r', title: 'A show' }
  return { state: 'live', grant, lagSeconds, health: () => ({ ...calm, ...health }) }
}

function aProcess() {
  const running: Measured['sessions']['running'] = []
  const metrics = { connections: 9, turnedAway: 1, violations: 2, refusals: 3, publishes: 4, receivedBytes: 5000 }
  const measured: Measured = {
    sessions: { running },
    rtmp: { connections: 2, metrics },
    hls: { viewers: () => 7 },
    config: { dataDir: directory, ingest: { tls: null } },
  }
  return { running, metrics, measured }
}

async function readValue(text: Promise<string>, series: string): Promise<number | undefined> {
  const line = (await text).split('\n').find((one) => one.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.split(' ')[1])
}

it('sums over the shows, tells the worst of what can be bad, and has every warning at zero before the first', async () => {
  const { running, measured } = aProcess()
  const registry = createMetrics(measured)
  const ask = (series: string) => readValue(registry.metrics(), series)
  expect(await ask('ustat_broadcast_warnings{warning="disk_full"}')).toBe(0)
  expect(await ask('ustat_ladder_speed')).toBeNaN()
  expect(await ask('ustat_ingest_lag_seconds')).toBe(0)

  running.push(aShow({ speed: 1.2, warnings: ['disk_full'] }, 0.25), aShow({ speed: 0.8, warnings: ['disk_full'] }, 6))
  expect(await ask('ustat_broadcast_warnings{warning="disk_full"}')).toBe(2)
  expect(await ask('ustat_broadcast_warnings{warning="overloaded"}')).toBe(0)
  expect(await ask('ustat_ladder_speed')).toBe(0.8)
  expect(await ask('ustat_ingest_lag_seconds')).toBe(6)
  expect(await ask('ustat_viewers')).toBe(14)
  expect(await ask('ustat_broadcasts{state="live"}')).toBe(2)
})

it('counts on when a show ends, for frames and for what RTMP counts', async () => {
  const { running, metrics, measured } = aProcess()
  const registry = createMetrics(measured)
  const ask = (series: string) => readValue(registry.metrics(), series)
  running.push(aShow({ droppedFrames: 5 }))
  expect(await ask('ustat_dropped_frames_total')).toBe(5)
  running.pop()
  expect(await ask('ustat_dropped_frames_total')).toBe(5)
  running.push(aShow({ droppedFrames: 2 }))
  expect(await ask('ustat_dropped_frames_total')).toBe(7)

  expect(await ask('ustat_rtmp_refusals_total')).toBe(3)
  metrics.refusals = 10
  expect(await ask('ustat_rtmp_refusals_total')).toBe(10)
})

it('tells the disk, and goes on without it', async () => {
  const { measured } = aProcess()
  const here = createMetrics(measured).metrics()
  const [free, size] = [
    await readValue(here, 'disk_bytes{state="free"}'),
    await readValue(here, 'disk_bytes{state="size"}'),
  ]
  expect(free).toBeGreaterThan(0)
  expect(size).toBeGreaterThan(free ?? 0)
  const gone = createMetrics({ ...measured, config: { dataDir: join(directory, 'gone'), ingest: { tls: null } } })
  expect(await readValue(gone.metrics(), 'disk_bytes{state="free"}')).toBeUndefined()
  expect(await readValue(gone.metrics(), 'ustat_rtmp_connections')).toBe(2)
})

it('tells when the certificate ends', async () => {
  const { measured } = aProcess()
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '3']
  const openssl = ['openssl', 'req', ...kind, '-subj', '/CN=localhost', '-keyout', keyFile, '-out', certFile] as const
  const [program, ...words] = openssl
  execFileSync(program, words, { stdio: 'ignore' })
  const registry = createMetrics({ ...measured, config: { dataDir: directory, ingest: { tls: { certFile } } } })
  const left = ((await readValue(registry.metrics(), 'ustat_certificate_expires_seconds')) ?? 0) - Date.now() / 1000
  expect(left / 86_400).toBeCloseTo(3, 1)
})
