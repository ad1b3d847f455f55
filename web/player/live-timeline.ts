import { serverClock } from '../server-clock.ts'
import type { FreezeFrame } from './freeze-frame.ts'
import type { Playback } from './playback.ts'
import { besides, positionOf } from './program-time.ts'

/** A seek this near to the present means the present. */
const EDGE_SECONDS = 3
/** Distance from the server's present that a live picture has while nothing is known yet. */
const USUAL_DELAY_SECONDS = 1

/**
 * One line for a whole show: seconds since its start, up to the live edge, whatever playlist they are played from.
 *
 * At the edge and a little behind it, that is `index.m3u8`, in parts; further back `dvr.m3u8`, whole segments from the
 * start of the broadcast. The two have different media timelines, so a place is carried over by its PROGRAM-DATE-TIME.
 */
export class LiveTimeline {
  readonly #playback: Playback
  #freeze: FreezeFrame | null = null
  #src = ''
  #startedAtMs = 0
  #mode: 'edge' | 'past' = 'edge'
  /** Where a switch of playlists is heading, until it is there. */
  #wantedMs: number | null = null
  #delaySeconds = USUAL_DELAY_SECONDS

  constructor(playback: Playback) {
    this.#playback = playback
  }

  get isAtEdge(): boolean {
    return this.#mode === 'edge' && this.#playback.isFollowing
  }

  /** Seconds from the start of the show to what can be shown now. */
  get end(): number {
    return Math.max(0, (serverClock.now() - this.#startedAtMs) / 1000 - this.#delaySeconds)
  }

  get time(): number {
    const dateMs = this.#wantedMs ?? this.#playback.playingDateMs
    if (dateMs === null) return this.end
    return Math.min(this.end, Math.max(0, (dateMs - this.#startedAtMs) / 1000))
  }

  /** @param startedAtMs by the server's clock */
  load(video: HTMLVideoElement, freeze: FreezeFrame, src: string, startedAtMs: number): void {
    this.#src = src
    this.#startedAtMs = startedAtMs
    this.#wantedMs = null
    this.#mode = 'edge'
    this.#freeze = freeze
    this.#playback.load(video, freeze, { src, isLive: true, startAt: null })
  }

  /** The same show under a new token. */
  renew(src: string): void {
    this.#src = src
    this.#playback.renew(this.#mode === 'edge' ? src : besides(src, 'dvr.m3u8'))
  }

  seek(seconds: number): void {
    if (!Number.isFinite(seconds)) return
    if (seconds >= this.end - EDGE_SECONDS) this.goLive()
    else this.#goTo(this.#startedAtMs + Math.max(0, seconds) * 1000)
  }

  goLive(): void {
    const { video } = this.#playback
    if (!video || !this.#freeze) return
    this.#wantedMs = null
    if (this.#mode === 'edge') this.#playback.seekToEdge()
    else {
      this.#mode = 'edge'
      this.#playback.load(video, this.#freeze, { src: this.#src, isLive: true, startAt: null })
    }
    void video.play().catch(() => undefined)
  }

  /** Ten times a second: corrects a switch once the playlist tells where the wanted moment is. */
  tick(): void {
    const { video, latency } = this.#playback
    if (this.isAtEdge && latency !== null && latency > 0 && latency < 15) this.#delaySeconds = latency
    if (this.#wantedMs === null || !video || video.readyState < HTMLMediaElement.HAVE_METADATA) return
    const position = positionOf(this.#playback.fragments, this.#wantedMs)
    if (position === null) return
    // Within a second the start was right already; another seek would only cost a stall.
    if (Math.abs(position - video.currentTime) > 1) video.currentTime = position
    this.#wantedMs = null
  }

  #goTo(dateMs: number): void {
    const { video } = this.#playback
    if (!video || !this.#freeze) return
    this.#playback.isFollowing = false
    const position = positionOf(this.#playback.fragments, dateMs)
    if (position !== null) {
      video.currentTime = position
      return
    }
    this.#mode = 'past'
    this.#wantedMs = dateMs
    this.#playback.load(video, this.#freeze, {
      src: besides(this.#src, 'dvr.m3u8'),
      isLive: true,
      // Right when the publisher was never away; tick() corrects it otherwise.
      startAt: (dateMs - this.#startedAtMs) / 1000,
    })
    void video.play().catch(() => undefined)
  }
}
