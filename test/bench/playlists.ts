/** What a player needs for the first picture of a show or a recording. */
export interface MediaUrls {
  playlistUrl: string
  init: string
  /** Its first segment, or its newest part. */
  media: string
  isEnded: boolean
  text: string
}

/** Reads a multivariant playlist and its highest rendition's; null when one is missing or names nothing yet. */
export async function mediaUrls(multivariantUrl: string): Promise<MediaUrls | null> {
  const uri = (await read(multivariantUrl))?.split('\n').find((line) => line !== '' && !line.startsWith('#'))
  if (!uri) return null
  const playlistUrl = new URL(uri, multivariantUrl).href
  const text = await read(playlistUrl)
  const init = /#EXT-X-MAP:URI="([^"]+)"/.exec(text ?? '')?.[1]
  const parts = [...(text ?? '').matchAll(/#EXT-X-PART:.*URI="([^"]+)"/g)]
  const media = parts.at(-1)?.[1] ?? text?.split('\n').find((line) => line !== '' && !line.startsWith('#'))
  if (!text || !init || !media) return null
  const absolute = (path: string) => new URL(path, playlistUrl).href
  return { playlistUrl, init: absolute(init), media: absolute(media), isEnded: text.includes('#EXT-X-ENDLIST'), text }
}

async function read(url: string): Promise<string | null> {
  const answer = await fetch(url)
  const text = await answer.text()
  return answer.ok ? text : null
}
