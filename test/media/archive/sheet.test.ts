import { expect, it } from 'vitest'
import { copyTile, emptySheet, tileSizeOf, webvttOf } from '../../../media/archive/sheet.ts'
import { detailOf } from '../../../media/files/detail.ts'

it('fits pictures of any aspect into the tile’s box, in even sizes', () => {
  expect(tileSizeOf({ width: 640, height: 360 })).toEqual({ width: 160, height: 90 })
  expect(tileSizeOf({ width: 360, height: 640 })).toEqual({ width: 50, height: 90 })
  expect(tileSizeOf({ width: 1000, height: 10 })).toEqual({ width: 160, height: 2 })
})

it('puts each tile in its place, in all three planes', () => {
  const [width, height] = [4, 2]
  const sheet = emptySheet(width, height)
  copyTile(Buffer.alloc((width * height * 3) / 2, 200), sheet, { width, height, index: 6 })
  // Column 1 of row 1: luma from x 4 to 7, y 2 and 3, of a sheet 20 pixels wide.
  const luma = [2 * 20 + 4, 2 * 20 + 7, 3 * 20 + 4]
  expect(luma.map((at) => sheet[at])).toEqual([200, 200, 200])
  expect([2 * 20 + 3, 2 * 20 + 8, 1 * 20 + 4].map((at) => sheet[at])).toEqual([16, 16, 16])
  const chroma = 20 * 10 + 1 * 10 + 2
  expect([chroma, chroma + 1, chroma + 2].map((at) => sheet[at])).toEqual([200, 200, 128])
})

it('sees no detail in a black picture', () => {
  const size = { width: 10, height: 10 }
  expect(detailOf(Buffer.alloc(100, 16), size)).toBe(0)
  // Two halves: one edge a row, and none from the end of a row to the begin of the next.
  expect(
    detailOf(
      Uint8Array.from({ length: 100 }, (_, i) => (i % 10 < 5 ? 0 : 90)),
      size,
    ),
  ).toBe(10)
})

it('writes a cue from each tile to the next, the last one to the end', () => {
  const tile = { sheet: 0, width: 160, height: 90 }
  const tiles = [
    { ...tile, index: 0, atSeconds: 0 },
    { ...tile, index: 6, atSeconds: 3610.5 },
  ]
  expect(webvttOf(tiles, 3700)).toBe(
    'WEBVTT\n\n00:00:00.000 --> 01:00:10.500\nstoryboard-0.jpg#xywh=0,0,160,90\n\n' +
      '01:00:10.500 --> 01:01:40.000\nstoryboard-0.jpg#xywh=160,90,160,90\n',
  )
})
