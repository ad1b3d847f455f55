/** One measured thing: a row of the table. */
export interface Figure {
  /** `Ustat`, or what it is measured beside. */
  system: string
  what: string
  value: number
  unit: string
  /** What it is to be, and whether it is. */
  goal?: { text: string; isMet: boolean }
  /** What else belongs to it: counts, shares, the spread. */
  note?: string
}

export interface BenchOptions {
  /** How long a steady state is watched; shorter gives quicker and rougher figures. */
  seconds: number
  /** Leave the peer out. */
  isAlone: boolean
  /** Says what goes on, to the terminal. */
  say(line: string): void
}

export interface Scenario {
  /** One sentence: what is measured, of what. */
  about: string
  run(options: BenchOptions): Promise<Figure[]>
}

export function atMost(value: number, limit: number, unit: string): Figure['goal'] {
  return { text: `≤ ${limit} ${unit}`, isMet: value <= limit }
}

export function atLeast(value: number, limit: number, unit: string): Figure['goal'] {
  return { text: `≥ ${limit} ${unit}`, isMet: value >= limit }
}
