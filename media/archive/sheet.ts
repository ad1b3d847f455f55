/** Arithmetic of sprite sheets in planar yuv420p: every plane is copied by rows, so nothing is decoded twice. Pure. */

export const SHEET_COLUMNS = 5
export const SHEET_ROWS = 5
const BOX = { width: 160, height: 90 }

/** The largest even size with the picture's aspect in a box of 160 × 90. */
export function tileSizeOf({ width, height }: { width: number; height: number }): { width: number; height: number } {
  const scale = Math.min(BOX.width / width, BOX.height / height)
  const even = (value: number) => Math.max(2, Math.round((value * scale) / 2) * 2)
  return { width: even(width), height: even(height) }
}

/** Black. */
export function emptySheet(tileWidth: number, tileHeight: number): Buffer {
  const pixels = tileWidth * SHEET_COLUMNS * tileHeight * SHEET_ROWS
  return Buffer.concat([Buffer.alloc(pixels, 16), Buffer.alloc(pixels / 2, 128)])
}

export function copyTile(
  tile: Uint8Array,
  sheet: Buffer,
  { width, height, index }: { width: number; height: number; index: number },
): void {
  const [column, row] = [index % SHEET_COLUMNS, Math.floor(index / SHEET_COLUMNS)]
  let [tileAt, sheetAt] = [0, 0]
  for (const shrink of [1, 2, 2]) {
    const [planeWidth, planeHeight] = [width / shrink, height / shrink]
    const stride = planeWidth * SHEET_COLUMNS
    for (let y = 0; y < planeHeight; y += 1) {
      const from = tileAt + y * planeWidth
      sheet.set(
        tile.subarray(from, from + planeWidth),
        sheetAt + (row * planeHeight + y) * stride + column * planeWidth,
      )
    }
    tileAt += planeWidth * planeHeight
    sheetAt += stride * planeHeight * SHEET_ROWS
  }
}

export interface PlacedTile {
  sheet: number
  index: number
  atSeconds: number
  width: number
  height: number
}

/** Cues from each tile to the next; the last one to the end of the show. */
export function webvttOf(tiles: readonly PlacedTile[], endSeconds: number): string {
  const cues = tiles.map(({ sheet, index, atSeconds, width, height }, n) => {
    const until = Math.max(tiles[n + 1]?.atSeconds ?? endSeconds, atSeconds + 0.001)
    const [x, y] = [(index % SHEET_COLUMNS) * width, Math.floor(index / SHEET_COLUMNS) * height]
    return `${timeOf(atSeconds)} --> ${timeOf(until)}\nstoryboard-${sheet}.jpg#xywh=${x},${y},${width},${height}`
  })
  return `WEBVTT\n\n${cues.join('\n\n')}\n`
}

function timeOf(seconds: number): string {
  const total = Math.round(seconds * 1000)
  const [hours, minutes] = [Math.floor(total / 3_600_000), Math.floor(total / 60_000) % 60]
  const rest = ((total % 60_000) / 1000).toFixed(3).padStart(6, '0')
  return `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}:${rest}`
}
