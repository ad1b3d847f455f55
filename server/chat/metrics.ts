import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

/** What a hub counts; each on its own `/metrics`, to be summed over all of them. */
export class HubMetrics {
  readonly received: Counter
  readonly frames: Counter
  readonly failures: Counter
  readonly dropped: Counter
  readonly refused: Counter<'code'>
  readonly turnedAway: Counter<'why'>
  readonly closed: Counter<'code'>
  readonly drift: Gauge
  readonly redis: Histogram
  readonly #deliveries: Counter
  readonly #lag: Histogram

  constructor(
    registry: Registry,
    look: () => { connections: number; waiting: number; rooms: number; loopLagMs: number },
  ) {
    const registers = [registry]
    this.received = new Counter({ name: 'chat_received_total', help: 'Lines written through this node.', registers })
    this.frames = new Counter({ name: 'chat_frames_total', help: 'Frames published to rooms.', registers })
    this.#deliveries = new Counter({ name: 'chat_deliveries_total', help: 'Lines times connections.', registers })
    this.failures = new Counter({ name: 'chat_failures_total', help: 'What Redis or the api refused.', registers })
    this.dropped = new Counter({
      name: 'chat_dropped_total',
      help: 'Connections closed because they did not read.',
      registers,
    })
    this.refused = new Counter({
      name: 'chat_refused_total',
      help: 'Frames of clients that were answered with an error.',
      labelNames: ['code'],
      registers,
    })
    this.turnedAway = new Counter({
      name: 'chat_turned_away_total',
      help: 'Upgrades that were refused: busy, draining, origin or protocol.',
      labelNames: ['why'],
      registers,
    })
    this.closed = new Counter({
      name: 'chat_closed_total',
      help: 'Connections that ended, by their close code.',
      labelNames: ['code'],
      registers,
    })
    this.#lag = new Histogram({
      name: 'chat_fanout_lag_seconds',
      help: 'From the number that Redis gave a line to the frame that it left in.',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1],
      registers,
    })
    this.redis = new Histogram({
      name: 'chat_redis_seconds',
      help: 'Round trip of writing a line to Redis.',
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.25, 1],
      registers,
    })
    this.drift = new Gauge({
      name: 'chat_presence_drift',
      help: 'Viewers counted in this node’s rooms whom no living node holds, or the other way round, at the last audit.',
      registers,
    })
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        ...{ name, help, registers },
        collect() {
          this.set(value())
        },
      })
    gauge('chat_connections', 'Open connections.', () => look().connections)
    gauge('chat_waiting', 'Open connections that wait to be let in.', () => look().waiting)
    gauge('chat_rooms', 'Rooms that are read, with somebody in them or until a moment ago.', () => look().rooms)
    gauge('chat_loop_lag_seconds', 'How late the event loop was at the last look.', () => look().loopLagMs / 1000)
  }

  sent(lagMs: number, lines: number, connections: number): void {
    this.#lag.observe(lagMs / 1000)
    this.#deliveries.inc(lines * connections)
  }
}
