import { readdirSync, readFileSync } from 'node:fs'

/** Kernel ticks a second (`getconf CLK_TCK`): 100 on every Linux that runs here. */
const TICKS = 100
const PAGE = 4096

export interface ProcessFacts {
  pid: number
  parent: number
  command: string
  /** User and system time of the process, and of those of its children that have ended. */
  cpuSeconds: number
  memoryBytes: number
}

/** Every process below one, without it. */
export function descendants(of: number): ProcessFacts[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (readProcess(Number(name)) ?? []) : []))
  const found: ProcessFacts[] = []
  const parents = new Set([of])
  for (let size = 0; size !== parents.size; ) {
    size = parents.size
    for (const facts of all) {
      if (!parents.has(facts.parent) || parents.has(facts.pid)) continue
      parents.add(facts.pid)
      found.push(facts)
    }
  }
  return found
}

/** Null: it is gone. */
export function readProcess(pid: number): ProcessFacts | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold blanks; the fields after it do not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const field = (number: number) => Number(fields[number - 3])
    return {
      pid,
      parent: field(4),
      command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim(),
      cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / TICKS,
      memoryBytes: field(24) * PAGE,
    }
  } catch {
    return null
  }
}

/** Where one of our processes listens, by its `LISTEN`; null when that is no unix socket. */
export function socketOf(pid: number): string | null {
  const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0')
  const listen = variables.find((line) => line.startsWith('LISTEN='))?.slice('LISTEN='.length)
  return listen?.startsWith('/') ? listen : null
}

/** CPU seconds by kind of process, since it was made. A process that comes meanwhile counts from its start. */
export function cpuMeter(find: () => ProcessFacts[], kindOf: (facts: ProcessFacts) => string | null) {
  const before = new Map(find().map(({ pid, cpuSeconds }) => [pid, cpuSeconds]))
  return (): Map<string, number> => {
    const used = new Map<string, number>()
    for (const facts of find()) {
      const kind = kindOf(facts)
      if (kind === null) continue
      used.set(kind, (used.get(kind) ?? 0) + facts.cpuSeconds - (before.get(facts.pid) ?? 0))
    }
    return used
  }
}

/** The parts of the product as figures name them; null: not one of its own, such as the browser or the publisher. */
export function productKind({ command, parent }: ProcessFacts): string | null {
  if (parent === process.pid) return null
  if (/media\/main\.ts/.test(command)) return 'media'
  if (/server\/main\.ts (\w+)/.test(command)) return /server\/main\.ts (\w+)/.exec(command)?.[1] ?? null
  if (/nginx/.test(command)) return 'nginx'
  if (/ffmpeg/.test(command)) return 'ffmpeg'
  if (/redis-server/.test(command)) return 'redis'
  if (/postgres/.test(command)) return 'postgres'
  return null
}
