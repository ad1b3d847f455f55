const KEPT = 200
const EVERY_MS = 3000
let savedAtMs = 0

type Positions = [recording: string, seconds: number][]

/** Seconds; null to start at the beginning. */
export function rememberedPosition(recording: string): number | null {
  return read().find(([id]) => id === recording)?.[1] ?? null
}

/** Every few seconds. Nearly at the start or at the end is not worth coming back to. */
export function rememberPosition(recording: string, seconds: number, duration: number): void {
  const now = performance.now()
  if (now - savedAtMs < EVERY_MS || !Number.isFinite(duration)) return
  savedAtMs = now
  const others = read().filter(([id]) => id !== recording)
  if (isWorthKeeping(seconds, duration)) others.push([recording, Math.floor(seconds)])
  try {
    localStorage.setItem('positions', JSON.stringify(others.slice(-KEPT)))
  } catch {
    // Storage is full or refused: the next visit starts at the beginning.
  }
}

export function isWorthKeeping(seconds: number, duration: number): boolean {
  return seconds > 5 && seconds < duration - Math.min(15, duration * 0.05)
}

function read(): Positions {
  try {
    const value: unknown = JSON.parse(localStorage.getItem('positions') ?? '[]')
    return Array.isArray(value) ? value.filter(isPosition) : []
  } catch {
    return []
  }
}

function isPosition(value: unknown): value is Positions[number] {
  return Array.isArray(value) && typeof value[0] === 'string' && typeof value[1] === 'number'
}
