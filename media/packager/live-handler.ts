import type { CachedText } from './cached-text.ts'
import type { PlaylistKind, Waiter } from './held-requests.ts'
import { type Directives, type LiveResource, parseDirectives } from './live-url.ts'
import type { Packager } from './packager.ts'
import type { Headers, Reply } from './reply.ts'
import type { RenditionWindow } from './window.ts'

/** Bytes that are not in memory: a file on disk, bytes, or an address that has them. */
export type StoredBody = { file: string } | { bytes: Uint8Array } | { redirect: string }

/** A broadcast as the server sees it. */
export interface LiveBroadcast {
  id: string
  packager: Packager
  /**
   * What has left memory (`<msn>.m4s`, `init-<n>.mp4` of a rendition), and what stands beside index.m3u8 (rendition
   * null: `thumbnail.jpg`, `storyboard.vtt`, `storyboard-<n>.jpg`). Null: there is no such thing.
   */
  read(rendition: string | null, file: string): Promise<StoredBody | null>
}

/** What a held request needs of its environment. */
export interface LiveContext {
  now(): number
  sendStored(reply: Reply, headers: Headers, body: Promise<StoredBody | null>): void
}

const ANYWHERE = [
  ['access-control-allow-origin', '*'],
  ['x-content-type-options', 'nosniff'],
] as const satisfies Headers

const PLAYLIST = [...ANYWHERE, ['content-type', 'application/vnd.apple.mpegurl'], ['vary', 'accept-encoding']] as const
const playlistHeaders = {
  plain: [...PLAYLIST, ['cache-control', 'no-cache']],
  held: [...PLAYLIST, ['cache-control', 'max-age=60']],
} as const satisfies Record<string, Headers>
const LARGE = 64 * 1024
const gzipped = ['content-encoding', 'gzip'] as const

/** Never changes under its name. */
export const immutable: Headers = [
  ...ANYWHERE,
  ['content-type', 'video/mp4'],
  ['cache-control', 'max-age=31536000, immutable'],
]

const failure: Headers = [...ANYWHERE, ['content-type', 'text/plain'], ['cache-control', 'no-store']]

const fileTypes: Record<string, string> = { jpg: 'image/jpeg', vtt: 'text/vtt', m3u8: 'application/vnd.apple.mpegurl' }

/** Thumbnails and storyboards change while a show goes on. */
export function fileHeaders(file: string): Headers {
  const type = fileTypes[file.slice(file.lastIndexOf('.') + 1)]
  return type ? [...ANYWHERE, ['content-type', type], ['cache-control', 'max-age=5']] : immutable
}

export function refuse(reply: Reply, status: string): void {
  reply.send(status, failure, status.slice(4))
}

/**
 * How long a request for what does not exist yet is held. hls.js aborts its own after max(3 T, 0.8 TD), and is then
 * loud about it; answered just before that with what it has already, it asks again quietly. Apple's players, and
 * whoever waits for the playlist without parts, get the 3 TD of rfc8216bis 6.2.5.2.
 */
export function patienceMs(packager: Packager, kind: PlaylistKind | 'part', isApple: boolean): number {
  const { targetSeconds, partTargetSeconds } = packager.targets
  if (isApple || kind !== 'index') return 3000 * targetSeconds
  return 1000 * Math.max(3 * (partTargetSeconds ?? targetSeconds), 0.8 * targetSeconds) - 200
}

/** Answers for one resource of a live broadcast; what it names has been parsed, who asks has been checked. */
export function answerLive(
  broadcast: LiveBroadcast,
  resource: LiveResource,
  { query, isApple }: { query: string; isApple: boolean },
  reply: Reply,
  context: LiveContext,
) {
  const { packager } = broadcast
  if (resource.kind === 'multivariant') {
    const text = packager.multivariant(resource.playlist)
    return text ? sendText(reply, text, false) : refuse(reply, '404 Not Found')
  }
  if (resource.kind === 'file') {
    return context.sendStored(reply, fileHeaders(resource.file), broadcast.read(null, resource.file))
  }
  const window = packager.findWindow(resource.rendition)
  if (!window) return refuse(reply, '404 Not Found')
  const until = (kind: PlaylistKind | 'part') => context.now() + patienceMs(packager, kind, isApple)

  switch (resource.kind) {
    case 'playlist': {
      const directives = parseDirectives(query)
      if (!directives) return refuse(reply, '400 Bad Request')
      return answerPlaylist(window, resource.playlist, directives, reply, isApple, until(resource.playlist))
    }
    case 'init': {
      const init = window.findInit(resource.index)
      return init ? reply.sendPieces(immutable, [init.bytes]) : refuse(reply, '404 Not Found')
    }
    case 'segment': {
      const segment = window.findSegment(resource.msn)
      if (!segment || segment.isGap) return refuse(reply, '404 Not Found')
      if (segment.parts)
        return reply.sendPieces(
          immutable,
          segment.parts.map(({ bytes }) => bytes),
        )
      return context.sendStored(reply, immutable, broadcast.read(window.name, `${resource.msn}.m4s`))
    }
    case 'part':
      return answerPart(window, resource.msn, resource.part, reply, until('part'))
  }
}

function answerPlaylist(
  window: RenditionWindow,
  kind: PlaylistKind,
  { msn, part, canSkip }: Directives,
  reply: Reply,
  isApple: boolean,
  until: number,
) {
  const wantedPart = kind === 'index' ? part : null
  const isHeld = msn !== null && !window.isEnded
  if (!isHeld || window.hasReached(msn, wantedPart)) {
    // A segmentless playlist would be an error to any player; there is nothing to say yet.
    if (window.lastPart === null && !isHeld) return refuse(reply, '404 Not Found')
    return sendText(reply, window.playlist(kind, canSkip), isHeld)
  }
  // rfc8216bis 6.2.5.2: "If the client requests a Media Sequence Number greater than … the last Media Segment plus two".
  if (msn > window.nextMsn + 1) return refuse(reply, '400 Bad Request')
  hold(window, reply, {
    kind,
    msn,
    part: wantedPart,
    until,
    settle(outcome) {
      if (outcome === 'late' && isApple) refuse(reply, '503 Service Unavailable')
      else sendText(reply, window.playlist(kind, canSkip), outcome === 'ready')
    },
  })
}

function answerPart(window: RenditionWindow, msn: number, part: number, reply: Reply, until: number) {
  const state = window.findPart(msn, part)
  if (state === null) return refuse(reply, '404 Not Found')
  if (state !== 'coming') return reply.sendPieces(immutable, [state])
  hold(window, reply, {
    kind: 'part',
    msn,
    part,
    until,
    settle(outcome) {
      const bytes = outcome === 'ready' ? window.findPart(msn, part) : null
      if (bytes instanceof Uint8Array) reply.sendPieces(immutable, [bytes])
      else refuse(reply, outcome === 'late' ? '503 Service Unavailable' : '404 Not Found')
    },
  })
}

function hold(window: RenditionWindow, reply: Reply, waiter: Waiter): void {
  reply.onGone(() => window.held.forget(waiter))
  window.held.add(waiter)
}

function sendText(reply: Reply, text: CachedText, isHeld: boolean): void {
  const headers = isHeld ? playlistHeaders.held : playlistHeaders.plain
  const body = reply.ask.takesGzip ? text.gzipped : text.plain
  const all = reply.ask.takesGzip ? [...headers, gzipped] : headers
  // The playlist of a whole broadcast: slow readers must not each get a copy of it.
  if (body.length > LARGE) reply.sendPieces(all, [body])
  else reply.send('200 OK', all, body)
}
