/** Mean step of brightness from a pixel to its neighbour: under 1 in a black, blank or nearly blank picture. */
export function detailOf(picture: Uint8Array, { width, height }: { width: number; height: number }): number {
  let steps = 0
  for (let i = 1; i < width * height; i += 1) {
    if (i % width > 0) steps += Math.abs((picture[i] ?? 0) - (picture[i - 1] ?? 0))
  }
  return steps / ((width - 1) * height)
}
