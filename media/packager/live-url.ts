import type { PlaylistKind } from './held-requests.ts'

/** What a path below `/live/<node>/<token>/<broadcast>/` names. */
export type LiveResource =
  | { kind: 'multivariant'; playlist: PlaylistKind }
  | { kind: 'playlist'; rendition: string; playlist: PlaylistKind }
  | { kind: 'init'; rendition: string; index: number }
  | { kind: 'segment'; rendition: string; msn: number }
  | { kind: 'part'; rendition: string; msn: number; part: number }
  | { kind: 'file'; file: string }

/** Delivery directives of rfc8216bis 6.2.5. */
export interface Directives {
  msn: number | null
  part: number | null
  canSkip: boolean
}

// Numbers without leading zeros: one resource has one name, so caches hold it once.
const NUMBER = '(0|[1-9]\\d{0,8})'
const playlists = /^(index|dvr)\.m3u8$/
const inits = new RegExp(`^init-${NUMBER}\\.mp4$`)
const media = new RegExp(`^${NUMBER}(?:\\.${NUMBER})?\\.m4s$`)
const files = new RegExp(`^(?:thumbnail\\.jpg|storyboard\\.vtt|storyboard-${NUMBER}\\.jpg)$`)
const names = /^[a-z0-9][a-z0-9-]{0,31}$/

/** Null for whatever is not exactly a name of ours: `..`, `%2e`, an empty part, a backslash, a second slash. */
export function parseLivePath(path: string): LiveResource | null {
  const slash = path.indexOf('/')
  if (slash < 0) {
    const playlist = playlists.exec(path)?.[1]
    if (playlist) return { kind: 'multivariant', playlist: playlist as PlaylistKind }
    return files.test(path) ? { kind: 'file', file: path } : null
  }
  const rendition = path.slice(0, slash)
  if (!names.test(rendition)) return null
  const name = path.slice(slash + 1)
  const [, msn, part] = media.exec(name) ?? []
  if (msn !== undefined) {
    return part === undefined
      ? { kind: 'segment', rendition, msn: Number(msn) }
      : { kind: 'part', rendition, msn: Number(msn), part: Number(part) }
  }
  const playlist = playlists.exec(name)?.[1]
  if (playlist) return { kind: 'playlist', rendition, playlist: playlist as PlaylistKind }
  const index = inits.exec(name)?.[1]
  return index === undefined ? null : { kind: 'init', rendition, index: Number(index) }
}

/**
 * Null when a directive is malformed, told twice, or `_HLS_part` comes without `_HLS_msn`: 400. Other parameters are
 * nobody's business, players and pages add theirs.
 */
export function parseDirectives(query: string): Directives | null {
  const directives: Directives = { msn: null, part: null, canSkip: false }
  if (query === '') return directives
  const seen = new Set<string>()
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const key = equals < 0 ? pair : pair.slice(0, equals)
    if (!key.startsWith('_HLS_')) continue
    if (seen.has(key)) return null
    seen.add(key)
    const value = equals < 0 ? '' : pair.slice(equals + 1)
    if (key === '_HLS_skip') {
      if (value !== 'YES' && value !== 'v2') return null
      directives.canSkip = true
    } else if (key === '_HLS_msn' || key === '_HLS_part') {
      if (!/^\d{1,9}$/.test(value)) return null
      directives[key === '_HLS_msn' ? 'msn' : 'part'] = Number(value)
    }
  }
  return directives.part !== null && directives.msn === null ? null : directives
}

/** `/live/<node>/<token>/<broadcast>/<path>` and `/vod/<token>/<recording>/<path>`, cut at their slashes; null otherwise. */
export function splitPath(url: string, parts: number): string[] | null {
  const found: string[] = []
  let at = 1
  for (let i = 0; i < parts; i++) {
    const slash = url.indexOf('/', at)
    if (slash < 0) return null
    found.push(url.slice(at, slash))
    at = slash + 1
  }
  found.push(url.slice(at))
  return found
}

const vodFiles = new RegExp(
  `^(?:index\\.m3u8|thumbnail\\.jpg|storyboard\\.vtt|storyboard-${NUMBER}\\.jpg|[a-z0-9][a-z0-9-]{0,31}/(?:index\\.m3u8|init-${NUMBER}\\.mp4|${NUMBER}\\.m4s))$`,
)

/** The names that a recording consists of, and no others. */
export function isRecordingPath(path: string): boolean {
  return path.length <= 100 && vodFiles.test(path)
}
