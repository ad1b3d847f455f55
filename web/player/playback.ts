import Hls, { type ErrorData } from 'hls.js/light'
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { serverClock } from '../server-clock.ts'
import { EdgeKeeper } from './edge-keeper.ts'
import type { FreezeFrame } from './freeze-frame.ts'
import { refusedStatuses } from './hls-config.ts'
import { openHls } from './open-hls.ts'
import type { PlaybackSource, RenditionChoice } from './playback-source.ts'
import { type PlaybackState, playbackState } from './playback-state.ts'
import { type DatedFragment, dateAt } from './program-time.ts'
import { startDateMs } from './start-date.ts'

const TICK_MS = 100
/** Nothing came for so long that asking for the same playlist again is in vain: a new start at the edge. */
const REOPEN_AFTER_MS = 9000
const AWAY_MS = 1200

/**
 * Owns the hls.js instance of one player: made on load, made anew when it cannot go on, destroyed with its host.
 *
 * Outlives what a show goes through: the publisher gone for 30 s, the media process killed and restarted, a network
 * that comes and goes. In all of these it keeps asking, says so in `state`, and goes on at the edge.
 */
export class Playback implements ReactiveController {
  state: PlaybackState = 'idle'
  /** Why `refused`: the HTTP status. */
  refusedStatus = 0
  /** Distance of a live picture from the server's present, in seconds; null when nothing tells. */
  latency: number | null = null
  renditions: RenditionChoice[] = []
  isAudioOnly = false
  readonly #host: ReactiveControllerHost
  readonly #onTick: () => void
  readonly #keeper = new EdgeKeeper()
  #hls: Hls | null = null
  #video: HTMLVideoElement | null = null
  #freeze: FreezeFrame | null = null
  #source: PlaybackSource | null = null
  #timer: ReturnType<typeof setInterval> | undefined
  #reopenTimer: ReturnType<typeof setTimeout> | undefined
  #hasShownFrame = false
  #hasEnded = false
  #isStalled = false
  /** Nothing new came for so long during a stall that this viewer's network is not to blame. */
  #isPublisherAway = false
  #playlistAtMs: number | null = null
  #grewAtMs: number | null = null
  #openedAtMs = 0
  #reopened = 0
  #mediaErrorAtMs = 0

  /** @param onTick called ten times a second while something is loaded */
  constructor(host: ReactiveControllerHost, onTick: () => void = () => undefined) {
    this.#host = host
    this.#onTick = onTick
    host.addController(this)
  }

  get hls(): Hls | null {
    return this.#hls
  }

  get video(): HTMLVideoElement | null {
    return this.#video
  }

  get source(): PlaybackSource | null {
    return this.#source
  }

  /** Where hls.js is asked to stay: PART-HOLD-BACK, plus what this network asks for. Seconds. */
  get targetLatency(): number | null {
    const target = this.#hls?.targetLatency
    return target ? target + this.#keeper.distance : null
  }

  /** When the present frame was taken, by the server's clock; null when the playlist does not tell. */
  get playingDateMs(): number | null {
    const video = this.#video
    if (!video) return null
    if (!this.#hls) return startDateMs(video)
    return dateAt(this.fragments, video.currentTime)
  }

  get fragments(): readonly DatedFragment[] {
    return this.#hls?.latestLevelDetails?.fragments ?? []
  }

  /** -1: as the network allows. */
  get rendition(): number {
    return this.#hls?.autoLevelEnabled === false ? this.#hls.loadLevel : -1
  }

  set rendition(index: number) {
    if (this.#hls) this.#hls.nextLevel = index
  }

  /** While true, the rate follows the live edge. Going back in the show ends that. */
  get isFollowing(): boolean {
    return this.#keeper.isFollowing
  }

  set isFollowing(value: boolean) {
    this.#keeper.isFollowing = value
    if (!value && this.#video && this.#video.playbackRate !== 1) this.#video.playbackRate = 1
  }

  load(video: HTMLVideoElement, freeze: FreezeFrame, source: PlaybackSource): void {
    this.#listenTo(video)
    this.#freeze = freeze
    this.#source = source
    this.#reopened = 0
    this.#hasEnded = false
    this.#playlistAtMs = null
    this.#grewAtMs = null
    this.isFollowing = source.isLive && source.startAt === null
    this.#open()
  }

  /** The same broadcast under a new token: taken at the next opening, which a refused player does at once. */
  renew(src: string): void {
    if (!this.#source || this.#source.src === src) return
    this.#source = { ...this.#source, src }
    if (this.state === 'refused') this.#open()
  }

  unload(): void {
    this.#close()
    this.#source = null
    this.#hasShownFrame = false
    this.#become('idle')
  }

  /** Also runs when the page moves the element, which had torn playback down. */
  hostConnected(): void {
    if (this.#source && this.#video) this.#open()
  }

  hostDisconnected(): void {
    this.#close()
  }

  /** To the newest picture that plays without stalling. */
  seekToEdge(): void {
    const position = this.#hls?.liveSyncPosition
    if (this.#video && position) this.#video.currentTime = position
    this.#keeper.forget()
    this.isFollowing = true
  }

  #open(): void {
    const [video, source] = [this.#video, this.#source]
    if (!video || !source) return
    this.#freeze?.hold(video)
    // Taking a source away pauses the element, which is not what its viewer did.
    const wasPlaying = !video.paused
    this.#close()
    this.refusedStatus = 0
    this.#openedAtMs = performance.now()
    this.#keeper.forget()
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
    if (Hls.isSupported()) this.#openHls(video, source)
    else {
      // Safari without MSE plays HLS by itself.
      video.src = source.src
      if (source.startAt !== null) video.currentTime = source.startAt
    }
    if (wasPlaying) void video.play().catch(() => undefined)
    this.#tick()
  }

  #openHls(video: HTMLVideoElement, source: PlaybackSource): void {
    this.#hls = openHls(video, source, {
      keeper: this.#keeper,
      parsed: (levels) => {
        this.renditions = levels
          .map(({ width, height, bitrate }, index) => ({ id: String(index), width, height, bitrate }))
          .filter(({ height }) => height > 0)
        this.isAudioOnly = levels.every(({ videoCodec, height }) => !videoCodec && !height)
        this.#host.requestUpdate()
      },
      loaded: () => {
        this.#playlistAtMs = performance.now()
      },
      updated: (hasGrown) => {
        if (hasGrown || this.#grewAtMs === null) this.#grewAtMs = performance.now()
      },
      failed: (error) => this.#onError(error),
    })
  }

  #close(): void {
    clearInterval(this.#timer)
    clearTimeout(this.#reopenTimer)
    this.#reopenTimer = undefined
    this.#hls?.destroy()
    this.#hls = null
  }

  #onError({ fatal, type, response }: ErrorData): void {
    if (refusedStatuses.has(response?.code ?? 0)) {
      this.refusedStatus = response?.code ?? 0
      this.#close()
      this.#become('refused')
      return
    }
    if (!fatal) return
    const now = performance.now()
    if (type === Hls.ErrorTypes.MEDIA_ERROR && now - this.#mediaErrorAtMs > 5000) {
      this.#mediaErrorAtMs = now
      const wasPlaying = this.#video?.paused === false
      this.#hls?.recoverMediaError()
      if (wasPlaying) void this.#video?.play().catch(() => undefined)
    } else this.#reopen()
  }

  /** A live show goes on at its edge, a recording where it was. */
  #reopen(): void {
    if (this.#reopenTimer || !this.#source) return
    const { isLive, startAt } = this.#source
    const position = this.#video?.currentTime ?? 0
    this.#source = { ...this.#source, startAt: isLive && this.isFollowing ? null : position || startAt }
    this.#reopened += 1
    this.#reopenTimer = setTimeout(() => this.#open(), Math.min(3000, 300 * this.#reopened))
  }

  #listenTo(video: HTMLVideoElement): void {
    if (this.#video === video) return
    this.#video = video
    video.addEventListener('playing', () => {
      // What was buffered before and during a stall says nothing about what comes now.
      this.#keeper.forget()
      if (this.#isStalled && !this.#isPublisherAway) this.#keeper.stalled()
      this.#isStalled = false
      this.#isPublisherAway = false
      this.#hasShownFrame = true
      this.#reopened = 0
      this.#tick()
    })
    video.addEventListener('waiting', () => {
      this.#isStalled = this.#hasShownFrame && !video.seeking
      this.#tick()
    })
    video.addEventListener('ended', () => {
      this.#hasEnded = true
      this.#tick()
    })
    video.addEventListener('seeking', () => {
      this.#hasEnded = false
    })
    for (const type of ['pause', 'play'] as const) video.addEventListener(type, () => this.#tick())
  }

  #tick(): void {
    const [video, source] = [this.#video, this.#source]
    if (!video || !source) return
    const now = performance.now()
    const dateMs = source.isLive ? this.playingDateMs : null
    this.latency = dateMs === null || !this.#hasShownFrame ? null : (serverClock.now() - dateMs) / 1000
    const sinceMs = (atMs: number | null): number => now - (atMs ?? this.#openedAtMs)
    if (this.#isStalled && sinceMs(this.#grewAtMs) > AWAY_MS) this.#isPublisherAway = true
    if (source.isLive && this.#hls) {
      if (this.#keeper.keep(video, this.#hls) === 'jump') this.seekToEdge()
      const isLiveYet = this.#hls.latestLevelDetails?.live ?? true
      if (isLiveYet && sinceMs(this.#playlistAtMs) > REOPEN_AFTER_MS && sinceMs(this.#openedAtMs) > REOPEN_AFTER_MS) {
        this.#reopen()
      }
    }
    this.#become(
      playbackState({
        isLoaded: true,
        isRefused: this.state === 'refused' && !this.#hls,
        hasEnded: this.#hasEnded,
        isPaused: video.paused,
        hasShownFrame: this.#hasShownFrame,
        isLive: source.isLive,
        canPlay: video.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA,
        playlistAgeMs: sinceMs(this.#playlistAtMs),
        growthAgeMs: this.#grewAtMs === null ? null : now - this.#grewAtMs,
      }),
    )
    this.#onTick()
  }

  #become(state: PlaybackState): void {
    if (this.state === state) return
    this.state = state
    this.#host.requestUpdate()
  }
}
