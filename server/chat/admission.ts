import { TokenBucket } from './token-bucket.ts'

export interface AdmissionLimits {
  socketsPerAccount: number
  guestsPerAddress: number
  /** A whole school may be one address. */
  socketsPerAddress: number
  /** New connections; who comes back after a restart comes with all the others. */
  upgradesPerSecond: number
}

export const defaultLimits: AdmissionLimits = {
  socketsPerAccount: 5,
  guestsPerAddress: 20,
  socketsPerAddress: 2000,
  upgradesPerSecond: 1000,
}

/** Who may open another connection here. Counts on this node alone. */
export class Admission {
  readonly #limits: AdmissionLimits
  readonly #upgrades: TokenBucket
  readonly #counts = new Map<string, number>()

  constructor(limits: AdmissionLimits) {
    this.#limits = limits
    this.#upgrades = new TokenBucket({
      perSecond: limits.upgradesPerSecond,
      burst: limits.upgradesPerSecond,
      nowMs: Date.now(),
    })
  }

  /** False: come back in a moment. */
  mayUpgrade(): boolean {
    return this.#upgrades.take(Date.now())
  }

  /** Takes a place, when there is one. */
  enter(uid: string, address: string): boolean {
    const places = this.#places(uid, address)
    if (places.some(([key, limit]) => (this.#counts.get(key) ?? 0) >= limit)) return false
    for (const [key] of places) this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    return true
  }

  exit(uid: string, address: string): void {
    for (const [key] of this.#places(uid, address)) {
      const count = (this.#counts.get(key) ?? 0) - 1
      if (count > 0) this.#counts.set(key, count)
      else this.#counts.delete(key)
    }
  }

  #places(uid: string, address: string): [string, number][] {
    const { socketsPerAccount, guestsPerAddress, socketsPerAddress } = this.#limits
    const own: [string, number] = uid.startsWith('u:') ? [uid, socketsPerAccount] : [`g ${address}`, guestsPerAddress]
    return [own, [`a ${address}`, socketsPerAddress]]
  }
}
