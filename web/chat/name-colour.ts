/**
 * A hue for each person, the same everywhere. The lightness is the theme's (`--name-lightness`), so that every one of them
 * has a contrast of at least 4.5 with the paper in both themes.
 */
export function nameHue(uid: string): number {
  let hash = 0
  for (const letter of uid) hash = (Math.imul(hash, 31) + (letter.codePointAt(0) ?? 0)) | 0
  // Far from each other also for neighbours in number.
  return Math.abs(Math.imul(hash, 2_654_435_761 | 0)) % 360
}
