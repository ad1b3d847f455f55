import { buffer, text } from 'node:stream/consumers'
import sharp from 'sharp'
import { detailOf } from '../../media/files/detail.ts'
import type { ObjectStore } from '../../media/storage/object-store.ts'

interface Tile {
  atSeconds: number
  left: number
  top: number
  width: number
  height: number
}

/**
 * When the picture of a recording or a video has the most in it, by its storyboard: what its thumbnail was chosen by, too.
 *
 * @returns seconds from its beginning; null of one without pictures
 * @throws {ObjectStoreError}; sharp's error of a sheet that is no picture
 */
export async function bestMoment(store: ObjectStore, folder: string): Promise<number | null> {
  const webvtt = await text((await store.get(`${folder}/storyboard.vtt`)).body)
  let best = { atSeconds: null as number | null, detail: -1 }
  for (const [name, tiles] of sheetsOf(webvtt)) {
    const sheet = await buffer((await store.get(`${folder}/${name}`)).body)
    const { data, info } = await sharp(sheet).greyscale().raw().toBuffer({ resolveWithObject: true })
    for (const tile of tiles) {
      const detail = detailOf(cut(data, info.width * info.channels, tile), tile)
      if (detail > best.detail) best = { atSeconds: tile.atSeconds, detail }
    }
  }
  return best.atSeconds
}

/** Its cues, by the sheet that each is on. */
function sheetsOf(webvtt: string): Map<string, Tile[]> {
  const cue = /^(\d+):(\d\d):(\d\d\.\d{3}) --> .*\n(storyboard-\d+\.jpg)#xywh=(\d+),(\d+),(\d+),(\d+)$/gm
  const sheets = new Map<string, Tile[]>()
  for (const [, hours, minutes, seconds, name = '', left, top, width, height] of webvtt.matchAll(cue)) {
    const tile = {
      atSeconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds),
      ...{ left: Number(left), top: Number(top), width: Number(width), height: Number(height) },
    }
    sheets.set(name, [...(sheets.get(name) ?? []), tile])
  }
  return sheets
}

function cut(sheet: Uint8Array, stride: number, { left, top, width, height }: Tile): Uint8Array {
  const tile = new Uint8Array(width * height)
  for (let y = 0; y < height; y += 1) {
    const from = (top + y) * stride + left
    tile.set(sheet.subarray(from, from + width), y * width)
  }
  return tile
}
