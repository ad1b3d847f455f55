import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Gives a file of a recording, a video or a running show by its path below the multivariant playlist. */
export type OpenPath = (path: string) => Promise<Readable>

/** A stretch of a rendition as one file that ffmpeg reads. */
export interface GatheredClip {
  /** Where in the file the wanted moment is, seconds from its first picture. */
  startSeconds: number
  /** What of the wanted length is there. */
  durationSeconds: number
}

interface Wanted {
  /** `720p` */
  rendition: string
  startSeconds: number
  durationSeconds: number
  /** Written new. */
  file: string
  signal: AbortSignal
}

export class ClipError extends Error {
  override readonly name = 'ClipError'
}

const LARGEST_PLAYLIST = 16 * 1024 * 1024

/**
 * Writes the segments that a stretch lies in, one behind the other, behind their configuration: fragmented MP4 allows that
 * (ISO/IEC 14496-12, 8.8). Where the configuration changes within it, because the publisher came back with another picture,
 * it ends there.
 *
 * @throws {ClipError} when there is nothing at that time
 */
export async function gatherClip(open: OpenPath, wanted: Wanted): Promise<GatheredClip> {
  const { rendition, startSeconds, durationSeconds, file, signal } = wanted
  const playlist = await textOf(await open(`${rendition}/index.m3u8`))
  const endSeconds = startSeconds + durationSeconds
  const inside = segmentsOf(playlist).filter(
    ({ from, to, isGap }) => !isGap && to > startSeconds + 1e-3 && from < endSeconds - 1e-3,
  )
  const [first] = inside
  if (!first) throw new ClipError('nothing was recorded at that time')
  const together = inside.slice(0, lengthOfRun(inside))
  const paths = [first.init, ...together.map(({ uri }) => uri)].map((uri) => `${rendition}/${uri}`)
  async function* bytes(): AsyncGenerator<Buffer> {
    for (const path of paths) yield* await open(path)
  }
  await pipeline(Readable.from(bytes()), createWriteStream(file), { signal })
  const start = Math.max(startSeconds, first.from)
  const end = Math.min(endSeconds, together.at(-1)?.to ?? start)
  return { startSeconds: start - first.from, durationSeconds: end - start }
}

interface Segment {
  uri: string
  init: string
  from: number
  to: number
  isGap: boolean
  isDiscontinuous: boolean
}

/** Times are those of a player: segments one after the other. */
function segmentsOf(playlist: string): Segment[] {
  const segments: Segment[] = []
  let [init, from, seconds, isGap, isDiscontinuous] = ['', 0, 0, false, false]
  for (const line of playlist.split('\n')) {
    if (line.startsWith('#EXT-X-MAP:')) init = /URI="([\w.-]+)"/.exec(line)?.[1] ?? ''
    else if (line.startsWith('#EXTINF:')) seconds = Number.parseFloat(line.slice(8))
    else if (line === '#EXT-X-GAP') isGap = true
    else if (line === '#EXT-X-DISCONTINUITY') isDiscontinuous = true
    else if (/^\w[\w.-]*$/.test(line)) {
      segments.push({ uri: line, init, from, to: from + seconds, isGap, isDiscontinuous })
      from += seconds
      isGap = false
      isDiscontinuous = false
    }
  }
  return segments
}

function lengthOfRun(segments: readonly Segment[]): number {
  const at = segments.findIndex(
    ({ init, isDiscontinuous }, index) => index > 0 && (isDiscontinuous || init !== segments[0]?.init),
  )
  return at < 0 ? segments.length : at
}

async function textOf(body: Readable): Promise<string> {
  let text = ''
  for await (const chunk of body) {
    text += String(chunk)
    if (text.length > LARGEST_PLAYLIST) throw new ClipError('a playlist without an end')
  }
  return text
}
