import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { RtmpServer } from './ingest/rtmp-server.ts'
import type { HlsServer } from './packager/hls-server.ts'
import type { Sessions } from './sessions.ts'

/** What Prometheus may know of this process. Labels are states, never ids of people or keys. */
export function createMetrics({
  sessions,
  rtmp,
  hls,
}: {
  sessions: Sessions
  rtmp: RtmpServer
  hls: HlsServer
}): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'ustat_broadcasts',
    help: 'Broadcasts of this process by state',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset()
      for (const session of sessions.running) this.inc({ state: session.state })
    },
  })
  new Gauge({
    name: 'ustat_viewers',
    help: 'Distinct viewers of the last ten seconds, all broadcasts',
    registers: [registry],
    collect() {
      this.set(sessions.running.reduce((sum, session) => sum + hls.viewers(session.grant.broadcast), 0))
    },
  })
  new Gauge({
    name: 'ustat_ladder_speed',
    help: 'Slowest ffmpeg against real time; under 1 it falls behind',
    registers: [registry],
    collect() {
      const speeds = sessions.running.map((session) => session.health().speed).filter((speed) => speed !== null)
      this.set(speeds.length > 0 ? Math.min(...speeds) : Number.NaN)
    },
  })
  new Gauge({
    name: 'ustat_rtmp_connections',
    help: 'Open RTMP connections',
    registers: [registry],
    collect() {
      this.set(rtmp.connections)
    },
  })
  return registry
}
