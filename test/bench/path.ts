import { openBrowser } from './browser.ts'
import { delay } from './clock.ts'
import { type DecodedPicture, decodePictures } from './decode.ts'
import { encodeOnly } from './encoder-delay.ts'
import { watch } from './glass.ts'
import { type GlassOptions, publishGlass } from './glass-publisher.ts'
import { LiveEdge } from './live-edge.ts'
import { mediaUrls } from './playlists.ts'
import type { Figure, Scenario } from './scenario.ts'
import { startStage } from './show.ts'
import { type Spread, spread } from './statistics.ts'

interface ReceivedPart {
  announcedAtMs: number
  receivedAtMs: number
  bytes: Uint8Array
}

/**
 * Where the latency comes from: the encoder by itself, a part as the origin hands it out, the player's buffer.
 *
 *   drawn ──encoder──▶ RTMP ──ingest, ffmpeg, the part's length──▶ announced ──▶ received ──buffer──▶ shown
 */
export function pathScenario(about: string, source: GlassOptions): Scenario {
  return {
    about,
    async run({ seconds, say }): Promise<Figure[]> {
      say('the encoder by itself')
      const encoder = await encodeOnly(source, Math.min(seconds, 10))
      await using stage = await startStage()
      await using _publisher = publishGlass(stage.publishUrl, source)
      const { playbackPath } = await stage.untilLive()
      await delay(8000)
      const urls = await mediaUrls(`${stage.url}${playbackPath}`)
      if (!urls) throw new Error('the show has no playlist')
      say('parts as they come, then the page')
      const parts = await follow(urls.playlistUrl, Math.min(seconds, 10))
      const init = new Uint8Array(await (await fetch(urls.init)).arrayBuffer())
      const ages = await agesOf(init, parts)
      await using browser = await openBrowser()
      const glass = await watch(browser, stage.pageUrl, { seconds: Math.min(seconds, 20) })
      return [
        row('drawn to encoded', encoder),
        row('drawn to announced, last frame of a part', ages.last),
        row('drawn to announced, first frame of a part', ages.first),
        row('announced to received', ages.fetch),
        row('media in the player’s buffer', glass.ahead),
        row('glass to glass', glass.latency),
      ]
    },
  }
}

function row(what: string, { p50, p95, max, count }: Spread): Figure {
  const note = `p95 ${p95.toFixed(0)}, max ${max.toFixed(0)} ms of ${count}`
  return { system: 'Ustat', what: `${what}, p50`, value: p50, unit: 'ms', note }
}

/** A player without a buffer: blocked playlist, its new parts, blocked playlist, … */
async function follow(playlistUrl: string, seconds: number): Promise<ReceivedPart[]> {
  const edge = new LiveEdge()
  edge.read(await (await fetch(playlistUrl)).text(), 0)
  const parts: ReceivedPart[] = []
  const until = Date.now() + seconds * 1000
  while (Date.now() < until) {
    const known = edge.names.length
    const answer = await fetch(`${playlistUrl}?${edge.directives}`)
    const announcedAtMs = Date.now()
    edge.read(await answer.text(), announcedAtMs)
    for (const name of edge.names.slice(known)) {
      const bytes = new Uint8Array(await (await fetch(new URL(`${name}.m4s`, playlistUrl))).arrayBuffer())
      parts.push({ announcedAtMs, receivedAtMs: Date.now(), bytes })
    }
  }
  return parts
}

async function agesOf(init: Uint8Array, parts: readonly ReceivedPart[]) {
  const [first, last, fetched]: number[][] = [[], [], []]
  // The first of them may need a keyframe that came before: all are decoded as one.
  const pictures = await decodePictures(Buffer.concat([init, ...parts.map(({ bytes }) => bytes)]))
  let next = pictures.length
  // From the end: what could not be decoded is missing at the beginning.
  for (const part of parts.toReversed()) {
    const count = samplesIn(part.bytes)
    const own = pictures
      .slice(Math.max(0, next - count), next)
      .flatMap(({ drawnAtMs }: DecodedPicture) => drawnAtMs ?? [])
    next -= count
    if (own.length < count) continue
    first?.push(part.announcedAtMs - Math.min(...own))
    last?.push(part.announcedAtMs - Math.max(...own))
    fetched?.push(part.receivedAtMs - part.announcedAtMs)
  }
  return { first: spread(first ?? []), last: spread(last ?? []), fetch: spread(fetched ?? []) }
}

/** Samples of the first track run, which is the picture's: ISO/IEC 14496-12, 8.8.8. */
function samplesIn(part: Uint8Array): number {
  const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength)
  const run = bytes.indexOf('trun')
  return run < 0 ? 0 : bytes.readUInt32BE(run + 8)
}
