import type { Tariff } from '../../config/storage-tariffs.ts'

export interface Usage {
  storedBytes: number
  /** Requests that put what is stored there, once. */
  writes: number
  /** Of one month. */
  reads: number
  egressBytes: number
}

export interface Cost {
  name: string
  /** Dollars a month. */
  storage: number
  reads: number
  egress: number
  monthly: number
  /** Dollars once, for putting everything there. */
  once: number
}

const GB = 1e9
const MILLION = 1e6

/** What each store would ask for; R2 first, then the cheapest. */
export function costOf(usage: Usage, tariffs: readonly Tariff[]): Cost[] {
  const stored = usage.storedBytes / GB
  const egress = usage.egressBytes / GB
  return tariffs
    .map((tariff) => {
      const storage = beyond(stored, tariff.freeGb) * tariff.storedGb
      const reads = (beyond(usage.reads, tariff.freeReads) / MILLION) * tariff.millionReads
      const freeEgress = tariff.freeEgressGb + stored * tariff.freeEgressTimesStored
      const out = beyond(egress, freeEgress) * tariff.egressGb
      const once = (beyond(usage.writes, tariff.freeWrites) / MILLION) * tariff.millionWrites
      return { name: tariff.name, storage, reads, egress: out, monthly: storage + reads + out, once }
    })
    .sort((a, b) => Number(/R2/.test(b.name)) - Number(/R2/.test(a.name)) || a.monthly - b.monthly)
}

/** A large object is begun, sent in parts and completed; R2 and S3 count each. */
export function writesOf(sizeBytes: number, largeBytes: number, partBytes: number): number {
  return sizeBytes <= largeBytes ? 1 : Math.ceil(sizeBytes / partBytes) + 2
}

function beyond(amount: number, free: number): number {
  return Math.max(0, amount - free)
}
