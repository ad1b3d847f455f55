import { statfs } from 'node:fs/promises'
import { Gauge, type Registry } from 'prom-client'

/** The disk under a folder of ours; with it full nothing is archived and nothing uploaded. */
export function measureDisk(registry: Registry, directory: string): void {
  new Gauge({
    name: 'disk_bytes',
    help: 'The disk that DATA_DIR is on: its size, and what an ordinary user may still write.',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      // Without its folder the rest of the metrics is still worth reading.
      const disk = await statfs(directory).catch(() => null)
      this.reset()
      if (!disk) return
      this.set({ state: 'size' }, disk.blocks * disk.bsize)
      this.set({ state: 'free' }, disk.bavail * disk.bsize)
    },
  })
}
