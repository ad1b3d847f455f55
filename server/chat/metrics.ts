import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What a hub counts. */
export class HubMetrics {
  readonly received: Counter
  readonly frames: Counter
  readonly failures: Counter
  readonly dropped: Counter
  readonly #lines: Counter
  readonly #lag: Histogram

  constructor(registry: Registry, look: () => { connections: number; rooms: number }) {
    const registers = [registry]
    this.received = new Counter({ name: 'chat_received_total', help: 'Lines written through this node.', registers })
    this.frames = new Counter({ name: 'chat_frames_total', help: 'Frames published to rooms.', registers })
    this.failures = new Counter({ name: 'chat_failures_total', help: 'What Redis or the api refused.', registers })
    this.dropped = new Counter({
      name: 'chat_dropped_total',
      help: 'Connections closed because they did not read.',
      registers,
    })
    this.#lines = new Counter({ name: 'chat_deliveries_total', help: 'Lines times connections.', registers })
    this.#lag = new Histogram({
      name: 'chat_fanout_lag_seconds',
      help: 'From the number that Redis gave a line to the frame that it left in.',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1],
      registers,
    })
    new Gauge({
      name: 'chat_connections',
      help: 'Open connections.',
      registers,
      collect() {
        this.set(look().connections)
      },
    })
    new Gauge({
      name: 'chat_rooms',
      help: 'Rooms with somebody in them.',
      registers,
      collect() {
        this.set(look().rooms)
      },
    })
  }

  sent(lagMs: number, lines: number, connections: number): void {
    this.#lag.observe(lagMs / 1000)
    this.#lines.inc(lines * connections)
  }
}
