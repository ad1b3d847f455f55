import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { HealthWarning } from './host.ts'
import type { RtmpMetrics } from './ingest/rtmp-metrics.ts'
import type { Session } from './session.ts'
import { measureDisk } from './storage/disk-metrics.ts'

/** What is measured, of each part what it takes. */
export interface Measured {
  sessions: { readonly running: Pick<Session, 'state' | 'grant' | 'lagSeconds' | 'health'>[] }
  rtmp: { readonly connections: number; readonly metrics: Readonly<RtmpMetrics> }
  hls: { viewers(broadcast: string): number }
  config: { dataDir: string; ingest: { tls: { certFile: string } | null } }
}

/** Every one has its series from the beginning: an alert cannot see the first of what was not there before. */
const warnings: readonly HealthWarning[] = [
  'keyframe_interval_long',
  'keyframe_interval_unset',
  'no_audio',
  'no_video',
  'overloaded',
  'timestamps_jumped',
  'store_unavailable',
  'disk_full',
]

/** What Prometheus may know of this process. Labels are states, never ids of people or keys. */
export function createMetrics({ sessions, rtmp, hls, config }: Measured): Registry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  measureDisk(registry, config.dataDir)
  new Gauge({
    name: 'ustat_broadcasts',
    help: 'Broadcasts of this process by state',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset()
      for (const session of sessions.running) this.inc({ state: session.state })
    },
  })
  new Gauge({
    name: 'ustat_broadcast_warnings',
    help: 'Broadcasts whose publishers are warned, by the warning',
    labelNames: ['warning'],
    registers,
    collect() {
      for (const warning of warnings) this.set({ warning }, 0)
      for (const session of sessions.running) {
        for (const warning of session.health().warnings) this.inc({ warning })
      }
    },
  })
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(value())
      },
    })
  gauge('ustat_viewers', 'Distinct viewers of the last ten seconds, all broadcasts', () =>
    sessions.running.reduce((sum, session) => sum + hls.viewers(session.grant.broadcast), 0),
  )
  gauge('ustat_ladder_speed', 'Slowest ffmpeg against real time; under 1 it falls behind', () => {
    const speeds = sessions.running.map((session) => session.health().speed).filter((speed) => speed !== null)
    return speeds.length > 0 ? Math.min(...speeds) : Number.NaN
  })
  gauge(
    'ustat_ingest_lag_seconds',
    'The worst of the shows: how far what arrives is behind its publisher’s clock',
    () => Math.max(0, ...sessions.running.map((session) => session.lagSeconds)),
  )
  gauge('ustat_rtmp_connections', 'Open RTMP connections', () => rtmp.connections)
  const counter = (name: string, help: string, value: () => number) => {
    let told = 0
    new Counter({
      ...{ name, help, registers },
      collect() {
        const now = value()
        this.inc(now - told)
        told = now
      },
    })
  }
  counter('ustat_rtmp_publishes_total', 'Publishers that were let in', () => rtmp.metrics.publishes)
  counter('ustat_rtmp_refusals_total', 'Publishers that were told why not', () => rtmp.metrics.refusals)
  counter('ustat_rtmp_violations_total', 'Connections that did not speak RTMP', () => rtmp.metrics.violations)
  counter('ustat_rtmp_turned_away_total', 'Connections there was no room for', () => rtmp.metrics.turnedAway)
  counter('ustat_rtmp_received_bytes_total', 'Bytes of all publishers', () => rtmp.metrics.receivedBytes)
  counter('ustat_dropped_frames_total', 'Frames that publishers left out, as of each reading', countDropped(sessions))
  if (config.ingest.tls) measureCertificate(registry, config.ingest.tls.certFile)
  return registry
}

/** A show that ends takes its count along; the sum stays. */
function countDropped(sessions: Measured['sessions']): () => number {
  const seen = new WeakMap<object, number>()
  let sum = 0
  return () => {
    for (const session of sessions.running) {
      const { droppedFrames } = session.health()
      sum += droppedFrames - (seen.get(session) ?? 0)
      seen.set(session, droppedFrames)
    }
    return sum
  }
}

/** The same that nginx serves, read each time: it is renewed while we run. */
function measureCertificate(registry: Registry, file: string): void {
  new Gauge({
    name: 'ustat_certificate_expires_seconds',
    help: 'When TLS_CERT ends, Unix time',
    registers: [registry],
    async collect() {
      const read = await readFile(file).catch(() => null)
      if (read) this.set(new X509Certificate(read).validToDate.getTime() / 1000)
    },
  })
}
