import { parse, setOptions } from 'hls-parser'
import { checkMediaPlaylist, checkReload, type ReadPlaylist } from '../support/playlist-rules.ts'

setOptions({ strictMode: true })

/** What a viewer reads of a multivariant playlist, past a strict parser. */
export async function readVariants(url: string): Promise<string[]> {
  const text = await read(url)
  const playlist = parse(text)
  if (!playlist.isMasterPlaylist) throw new Error(`${url} is no multivariant playlist`)
  return playlist.variants.map(({ uri }) => new URL(uri, url).href)
}

/** One media playlist, past a strict parser and every rule that a single text can break. */
export async function readMedia(url: string): Promise<ReadPlaylist> {
  const text = await read(url)
  if (parse(text).isMasterPlaylist) throw new Error(`${url} is no media playlist`)
  return checkMediaPlaylist(text)
}

/**
 * Reloads as a low-latency player does, each time asking for the part after the last one, until the show has ended; every
 * answer is checked by itself and against the one before.
 *
 * @param withDelta asks for playlist delta updates
 * @returns all answers in order
 */
export async function follow(url: string, { withDelta = false } = {}): Promise<ReadPlaylist[]> {
  const first = await readMedia(url)
  const answers = [first]
  for (let last = first; !last.isEnded; ) {
    const next = await readMedia(`${url}?${directivesAfter(last)}${withDelta ? '&_HLS_skip=YES' : ''}`)
    checkReload(last, next)
    answers.push(next)
    last = next
  }
  return answers
}

function directivesAfter({ partTarget, open, mediaSequence, skipped, segments }: ReadPlaylist): string {
  const msn = open?.msn ?? mediaSequence + skipped + segments.length
  return partTarget === null ? `_HLS_msn=${msn}` : `_HLS_msn=${msn}&_HLS_part=${open?.parts.length ?? 0}`
}

async function read(url: string): Promise<string> {
  const answer = await fetch(url)
  const text = await answer.text()
  if (answer.status !== 200) throw new Error(`${url.slice(-60)} answers ${answer.status}: ${text}`)
  return text
}
