import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import type MediaController from 'media-chrome/dist/media-controller.js'
import 'media-chrome/dist/media-live-button.js'
import { currentLocale } from '../locale.ts'
import { serverClock } from '../server-clock.ts'
import { decimalText, durationText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { base } from '../ui/styles.ts'
import { playerStyles, startPlaying, translateControls } from './controls.ts'
import { FreezeFrame } from './freeze-frame.ts'
import { LiveTimeline } from './live-timeline.ts'
import { liveStore, RENDITIONS_CHANGED } from './media-state.ts'
import { Playback } from './playback.ts'
import type { PlaybackState } from './playback-state.ts'
import { besides } from './program-time.ts'

/** The growing storyboard is asked for again this often; a show so young has none yet. */
const STORYBOARD_MS = 30_000

/**
 * Plays a broadcast near its live edge, and the whole of it back to its start.
 *
 * @attr {string} data-state - What the viewer is told: `loading`, `playing`, `waiting` …
 * @attr {string} data-latency - Seconds between the server's present and the picture, two decimals.
 * @fires statechange - `playback.state` changed.
 * @csspart video - The native video element.
 */
export class LivePlayer extends LitElement {
  static override styles = [
    base,
    playerStyles,
    css`
      .live { display: inline-flex; align-items: center; background: transparent }
      media-live-button { font-weight: 700; padding: 6px 10px }
      .delay { min-width: 4.2em; font-size: 13px; font-variant-numeric: tabular-nums; opacity: 0.86; white-space: nowrap }
    `,
  ]
  static override properties = {
    src: {},
    broadcast: {},
    startedAt: { attribute: 'started-at' },
    muted: { type: Boolean },
  }

  /** URL of the multivariant playlist. A new token of the same broadcast does not interrupt. */
  declare src: string
  /** Id of the broadcast. */
  declare broadcast: string
  /** ISO 8601. */
  declare startedAt: string
  /** Start without sound, as a preview does. */
  declare muted: boolean
  readonly playback: Playback
  readonly #timeline: LiveTimeline
  #isMutedByBrowser = false
  #loaded = ''
  #state: PlaybackState = 'idle'
  #shownDelay = ''
  #shownRenditions = ''
  #storyboardTimer: ReturnType<typeof setInterval> | undefined
  #storyboardTurn = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.src = ''
    this.broadcast = ''
    this.startedAt = ''
    this.muted = false
    this.playback = new Playback(this, () => this.#tick())
    this.#timeline = new LiveTimeline(this.playback)
    void translateControls().then(() => this.requestUpdate())
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#storyboardTimer = setInterval(() => {
      this.#storyboardTurn += 1
      this.requestUpdate()
    }, STORYBOARD_MS)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#storyboardTimer)
  }

  protected override firstUpdated(): void {
    const controller = this.renderRoot.querySelector<MediaController>('media-controller')
    const frame = this.renderRoot.querySelector<HTMLElement>('.frame')
    const { video } = this
    if (!controller || !frame || !video) return
    controller.fullscreenElement = frame
    controller.mediaStore = liveStore({ media: video, fullscreenElement: frame }, this.playback, this.#timeline)
  }

  protected override updated(_changed: PropertyValues<this>): void {
    const { video } = this
    const canvas = this.renderRoot.querySelector('canvas')
    if (!video || !canvas) return
    if (this.broadcast !== this.#loaded) {
      this.#loaded = this.broadcast
      if (this.broadcast) void this.#start(video, canvas)
      else this.playback.unload()
    } else if (this.broadcast) this.#timeline.renew(this.src)
    if (this.playback.state !== this.#state) {
      this.#state = this.playback.state
      this.dataset.state = this.#state
      this.dispatchEvent(new Event('statechange'))
    }
  }

  get video(): HTMLVideoElement | null {
    return this.renderRoot.querySelector('video')
  }

  /** Seconds between the server's present and the picture; null while nothing plays. */
  get latency(): number | null {
    return this.playback.latency
  }

  async #start(video: HTMLVideoElement, canvas: HTMLCanvasElement): Promise<void> {
    video.muted = this.muted
    this.#timeline.load(video, new FreezeFrame(canvas), this.src, Date.parse(this.startedAt) || Date.now())
    this.#isMutedByBrowser = await startPlaying(video)
    this.requestUpdate()
  }

  /** Writes the delay by itself ten times a second; a render of the whole player for it would be waste. */
  #tick(): void {
    this.#timeline.tick()
    const { latency, renditions, rendition } = this.playback
    if (latency === null) delete this.dataset.latency
    else this.dataset.latency = latency.toFixed(2)
    const list = `${renditions.length}:${rendition}:${this.#loaded}`
    if (list !== this.#shownRenditions) {
      this.#shownRenditions = list
      this.video?.dispatchEvent(new Event(RENDITIONS_CHANGED))
    }
    const delay = this.#delayText()
    if (delay === this.#shownDelay) return
    this.#shownDelay = delay
    const place = this.renderRoot.querySelector('.delay')
    if (place) place.textContent = delay
  }

  #delayText(): string {
    const { latency } = this
    if (latency === null) return ''
    return this.#timeline.isAtEdge || latency < 10
      ? msg(str`${decimalText(Math.max(0, latency))} s behind`)
      : msg(str`−${durationText(latency)}`)
  }

  #unmute(): void {
    this.#isMutedByBrowser = false
    if (this.video) this.video.muted = false
    this.requestUpdate()
  }

  readonly #onVolume = (): void => {
    if (this.#isMutedByBrowser && this.video?.muted === false) this.#unmute()
  }

  #message() {
    const texts: Partial<Record<PlaybackState, string>> = {
      waiting: msg('The publisher lost connection. Waiting for them to come back…'),
      reconnecting: msg('The server does not answer. Trying again…'),
      refused: msg('This show is not open to you any more. Reload the page, or sign in again.'),
    }
    const text = texts[this.playback.state]
    const isTrying = text && this.playback.state !== 'refused'
    return html`<div class="over" role="status" ?hidden=${!text}>${isTrying ? html`<div class="spin"></div>` : nothing}<p>${text}</p></div>`
  }

  /** A new address now and then: the track does not look again by itself. */
  #storyboard(): string {
    const isYoung = serverClock.now() - Date.parse(this.startedAt) < STORYBOARD_MS
    if (!this.src || isYoung) return ''
    return `${besides(this.src, 'storyboard.vtt')}?turn=${this.#storyboardTurn}`
  }

  protected override render() {
    const storyboard = this.#storyboard()
    return html`<div class="frame">
      <canvas aria-hidden="true"></canvas>
      <media-controller nodefaultstore keyboardforwardseekoffset="10" keyboardbackwardseekoffset="10" lang=${currentLocale()}>
        <video slot="media" part="video" playsinline crossorigin @volumechange=${this.#onVolume}>
          ${storyboard ? html`<track kind="metadata" label="thumbnails" default src=${storyboard} />` : nothing}
        </video>
        <media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
        <media-rendition-menu hidden anchor="auto"></media-rendition-menu>
        <div class="shade"></div>
        <media-time-range>
          <media-preview-thumbnail slot="preview"></media-preview-thumbnail>
          <media-preview-time-display slot="preview"></media-preview-time-display>
        </media-time-range>
        <media-control-bar>
          <media-play-button></media-play-button>
          <media-mute-button></media-mute-button>
          <media-volume-range></media-volume-range>
          <media-live-button></media-live-button>
          <span class="delay"></span>
          <span class="gap"></span>
          <media-rendition-menu-button></media-rendition-menu-button>
          <media-pip-button></media-pip-button>
          <media-fullscreen-button></media-fullscreen-button>
        </media-control-bar>
      </media-controller>
      ${this.#message()}
      ${this.#isMutedByBrowser ? html`<button class="unmute" @click=${this.#unmute}>${icon('volume-off')}${msg('Turn sound on')}</button>` : nothing}
    </div>`
  }
}
customElements.define('live-player', LivePlayer)

declare global {
  interface HTMLElementTagNameMap {
    'live-player': LivePlayer
  }
}
