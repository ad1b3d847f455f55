const KEY = 'sound'
/** Two notices at once are one sound. */
const EVERY_MS = 1000

let context: AudioContext | null = null
let playedAtMs = Number.NEGATIVE_INFINITY

/** Whether this browser makes a sound for notices and mentions; nobody is startled who has not asked for it. */
export function isSoundOn(): boolean {
  try {
    return localStorage.getItem(KEY) === 'on'
  } catch {
    return false
  }
}

/** Remembered in this browser. What is turned on is heard at once. */
export function turnSound(isOn: boolean): void {
  try {
    if (isOn) localStorage.setItem(KEY, 'on')
    else localStorage.removeItem(KEY)
  } catch {
    // Storage is refused: it stays as it was.
  }
  if (isOn) ring()
}

/** Two short soft tones, when sounds are on and the browser lets a page be heard (its person has touched it). */
export function playSound(): void {
  if (!isSoundOn() || performance.now() - playedAtMs < EVERY_MS) return
  playedAtMs = performance.now()
  ring()
}

function ring(): void {
  context ??= new AudioContext()
  void context.resume()
  for (const [at, frequency] of [660, 880].entries()) tone(context, context.currentTime + at * 0.12, frequency)
}

function tone(context: AudioContext, at: number, frequency: number): void {
  const [oscillator, gain] = [new OscillatorNode(context, { frequency }), new GainNode(context, { gain: 0 })]
  gain.gain.setValueAtTime(0, at)
  gain.gain.linearRampToValueAtTime(0.12, at + 0.015)
  gain.gain.exponentialRampToValueAtTime(0.001, at + 0.2)
  oscillator.connect(gain).connect(context.destination)
  oscillator.start(at)
  oscillator.stop(at + 0.22)
}
