/**
 * Wall-clock time as black and white blocks in the picture: 40 bits of milliseconds and 8 of checksum, twelve blocks a
 * row, most significant first. A block is 40 pixels of a 1280 × 720 picture, so 20 at 360p: no scaling and no bitrate
 * of a ladder makes one unreadable, and a picture mixed of two frames fails its checksum.
 */
export const timeCode = { pictureWidth: 1280, pictureHeight: 720, left: 40, top: 40, block: 40, columns: 12, rows: 4 }

const [BLACK, WHITE] = [16, 235]
const CLOCK_RANGE = 2 ** 40

/** Draws into the luma plane of a picture of `timeCode`'s size. */
export function drawTime(luma: Uint8Array, timeMs: number): void {
  const { pictureWidth, left, top, block, columns, rows } = timeCode
  const clock = timeMs % CLOCK_RANGE
  const [high, low] = [Math.floor(clock / 2 ** 16), ((clock % 2 ** 16) << 8) | checksum(clock)]
  for (let row = 0; row < rows; row++) {
    const first = (top + row * block) * pictureWidth + left
    for (let column = 0; column < columns; column++) {
      const bit = row * columns + column
      const isSet = ((bit < 24 ? high >>> (23 - bit) : low >>> (47 - bit)) & 1) === 1
      luma.fill(isSet ? WHITE : BLACK, first + column * block, first + (column + 1) * block)
    }
    for (let line = 1; line < block; line++) {
      luma.copyWithin(first + line * pictureWidth, first, first + columns * block)
    }
  }
}

/**
 * The time that two words of 24 bits hold, or null when their checksum does not fit: no frame of ours.
 *
 * @param nearMs tells which range of 34 years is meant
 */
export function parseTime(high: number, low: number, nearMs: number): number | null {
  const clock = high * 2 ** 16 + (low >>> 8)
  if (checksum(clock) !== (low & 0xff)) return null
  return nearMs - (nearMs % CLOCK_RANGE) + clock
}

/** CRC-8 (polynomial 0x07, start 0xff) over the five bytes. */
function checksum(clock: number): number {
  let crc = 0xff
  for (let byte = 4; byte >= 0; byte--) {
    crc ^= Math.floor(clock / 256 ** byte) & 0xff
    for (let bit = 0; bit < 8; bit++) crc = (crc & 0x80 ? (crc << 1) ^ 0x07 : crc << 1) & 0xff
  }
  return crc
}
