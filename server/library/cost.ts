import type { Tariff } from '../../config/storage-tariffs.ts'
import type { ManifestRow } from './manifest.ts'

export interface Usage {
  storedBytes: number
  objects: number
  /** Requests that put what is stored there, once. */
  writes: number
  /** Of one month. */
  reads: number
  egressBytes: number
}

export interface Cost {
  name: string
  /** The day of the prices. */
  asOf: string
  /** Dollars a month. */
  storage: number
  reads: number
  egress: number
  monthly: number
  /** Dollars once, for putting everything there. */
  once: number
}

const LARGE_BYTES = 16 * 1024 * 1024
const PART_BYTES = 8 * 1024 * 1024
const GB = 1e9
const MILLION = 1e6

/** What each store would ask for; R2 first, then the cheapest. */
export function costOf(usage: Omit<Usage, 'objects'>, tariffs: readonly Tariff[]): Cost[] {
  const stored = usage.storedBytes / GB
  const egress = usage.egressBytes / GB
  return tariffs
    .map((tariff) => {
      const storage = beyond(stored, tariff.freeGb) * tariff.storedGb
      const reads = (beyond(usage.reads, tariff.freeReads) / MILLION) * tariff.millionReads
      const freeEgress = tariff.freeEgressGb + stored * tariff.freeEgressTimesStored
      const out = beyond(egress, freeEgress) * tariff.egressGb
      const once = (beyond(usage.writes, tariff.freeWrites) / MILLION) * tariff.millionWrites
      return { name: tariff.name, asOf: tariff.asOf, storage, reads, egress: out, monthly: storage + reads + out, once }
    })
    .sort((a, b) => Number(/R2/.test(b.name)) - Number(/R2/.test(a.name)) || a.monthly - b.monthly)
}

/** What putting the library there takes, and, when nothing else is said, each object fetched once a month. */
export function usageOf(
  rows: readonly Pick<ManifestRow, 'key' | 'sizeBytes'>[],
  { reads, egressBytes }: { reads?: number | undefined; egressBytes?: number | undefined } = {},
): Usage {
  const sizes = new Map(rows.flatMap(({ key, sizeBytes }) => (key ? [[key, sizeBytes] as const] : [])))
  const all = [...sizes.values()]
  const storedBytes = all.reduce((sum, bytes) => sum + bytes, 0)
  const writes = all.reduce((sum, bytes) => sum + writesOf(bytes, LARGE_BYTES, PART_BYTES), 0)
  return {
    storedBytes,
    objects: sizes.size,
    writes,
    reads: reads ?? sizes.size,
    egressBytes: egressBytes ?? storedBytes,
  }
}

/** A large object is begun, sent in parts and completed; R2 and S3 count each. */
export function writesOf(sizeBytes: number, largeBytes: number, partBytes: number): number {
  return sizeBytes <= largeBytes ? 1 : Math.ceil(sizeBytes / partBytes) + 2
}

function beyond(amount: number, free: number): number {
  return Math.max(0, amount - free)
}
