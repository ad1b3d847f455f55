/** Perceived lightness that has a contrast of 4.5 at least with every ground of its theme, whatever the hue. */
const LIGHT = 0.47
const DARK = 0.8
const CHROMA = 0.15

/** Each person's own, the same everywhere, for a light ground and a dark one: `#rrggbb`. */
export interface NameColours {
  light: string
  dark: string
}

const known = new Map<string, NameColours>()

export function nameColours(uid: string): NameColours {
  const found = known.get(uid)
  if (found) return found
  const hue = hueOf(uid)
  const colours = { light: hexOf(LIGHT, hue), dark: hexOf(DARK, hue) }
  // Of everybody who ever wrote while the page was open, the last few thousand.
  if (known.size > 5000) known.clear()
  known.set(uid, colours)
  return colours
}

function hueOf(uid: string): number {
  let hash = 0
  for (const letter of uid) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) | 0
  // Far from each other also for neighbours in number.
  return (Math.imul(hash, 2_654_435_761 | 0) >>> 0) % 360
}

/** As colourful as the screen can show it at that lightness. */
function hexOf(lightness: number, hue: number): string {
  for (let chroma = CHROMA; ; chroma -= 0.005) {
    const rgb = linearRgb(lightness, Math.max(0, chroma), hue)
    if (chroma > 0 && rgb.some((value) => value < 0 || value > 1)) continue
    return `#${rgb.map((value) => byteOf(value).toString(16).padStart(2, '0')).join('')}`
  }
}

/** OKLCh to linear sRGB: https://bottosson.github.io/posts/oklab/ */
function linearRgb(lightness: number, chroma: number, hue: number): [number, number, number] {
  const a = chroma * Math.cos((hue * Math.PI) / 180)
  const b = chroma * Math.sin((hue * Math.PI) / 180)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ]
}

function byteOf(linear: number): number {
  const clipped = Math.min(1, Math.max(0, linear))
  return Math.round(255 * (clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055))
}
