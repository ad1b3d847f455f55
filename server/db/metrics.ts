import { Gauge, type Registry } from 'prom-client'
import type { Orm } from './orm.ts'

/** The connections of this process: one that waits for long says that a transaction holds one for long. */
export function measurePool(registry: Registry, orm: Orm): void {
  new Gauge({
    name: 'database_connections',
    help: 'Connections to PostgreSQL: open, of these idle, and requests that wait for one.',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const { totalCount, idleCount, waitingCount } = await orm.em.getConnection().getNativeClient()
      this.set({ state: 'open' }, totalCount)
      this.set({ state: 'idle' }, idleCount)
      this.set({ state: 'waiting' }, waitingCount)
    },
  })
}
