import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type MediaController from 'media-chrome/dist/media-controller.js'
import 'media-chrome/dist/media-preview-chapter-display.js'
import 'media-chrome/dist/media-time-display.js'
import 'media-chrome/dist/media-seek-backward-button.js'
import 'media-chrome/dist/media-seek-forward-button.js'
import 'media-chrome/dist/menu/media-captions-menu.js'
import 'media-chrome/dist/menu/media-captions-menu-button.js'
import 'media-chrome/dist/menu/media-playback-rate-menu.js'
import 'media-chrome/dist/menu/media-playback-rate-menu-button.js'
import { currentLocale } from '../locale.ts'
import { icon } from '../ui/icons.ts'
import { base } from '../ui/styles.ts'
import './chapter-list.ts'
import { chapterAt } from './chapters.ts'
import { chooseCaptions, rememberCaptions, rememberedCaptions, showCaptions, shownCaptions } from './chosen-captions.ts'
import { playerStyles, startPlaying, translateControls } from './controls.ts'
import { FilmTexts } from './film-texts.ts'
import { FreezeFrame } from './freeze-frame.ts'
import { RENDITIONS_CHANGED, recordingStore } from './media-state.ts'
import { Playback } from './playback.ts'
import { rememberedPosition, rememberPosition } from './resume.ts'

/**
 * Plays a recording, from where this device left it.
 *
 * @attr {string} data-state - What the viewer is told: `loading`, `playing`, `ended` …
 * @fires statechange - `playback.state` changed.
 * @csspart video - The native video element.
 */
export class VodPlayer extends LitElement {
  static override styles = [
    base,
    playerStyles,
    css`
      media-time-display { font-variant-numeric: tabular-nums; background: transparent; padding: 0 8px }
      video::cue { background: rgb(7 10 9 / 78%); color: #fff; font-family: var(--font); line-height: 1.4 }
      video::-webkit-media-text-track-container { transition: translate 0.2s }
      media-controller:is(:not([userinactive]), [mediapaused]) video::-webkit-media-text-track-container { translate: 0 -78px }
      media-captions-menu { bottom: 74px; right: 12px; font-size: 14px; line-height: 1.6 }
      media-preview-chapter-display { max-width: 20em; overflow: hidden; text-overflow: ellipsis; --media-preview-chapter-background: transparent }
      media-control-bar > :not(.chapter, .gap) { flex: none }
      .chapter { flex: 0 1 auto; min-width: 0; padding-inline-end: 8px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; font: 14px var(--font); background: transparent; pointer-events: none }
      @media (max-width: 640px) {
        media-seek-backward-button, media-seek-forward-button, media-pip-button, .chapter { display: none }
        video::cue { font-size: 130% }
      }
      @media (max-width: 640px) and (orientation: portrait) {
        .frame { position: var(--frame-position, relative); top: 0; z-index: 3; width: auto }
        .frame, chapter-list { margin-inline: var(--frame-margin, 0) }
      }
    `,
  ]
  static override properties = { src: {}, recording: {}, storyboard: {}, poster: {}, startAt: { attribute: false } }

  /** URL of the multivariant playlist. A new token of the same recording does not interrupt. */
  declare src: string
  /** Id of the recording: under it the position is remembered. */
  declare recording: string
  /** URL of the WebVTT storyboard. */
  declare storyboard: string | null
  declare poster: string | null
  /** Seconds, for a device that has not played it yet; null for the beginning. */
  declare startAt: number | null
  readonly playback: Playback
  readonly #texts = new FilmTexts(this)
  #chapter = -1
  /** What is to be shown, null for nothing; the browser's to say while undefined. */
  #captions: string | null | undefined
  #isMutedByBrowser = false
  #loaded = ''
  #state = 'idle'
  #shownRenditions = ''
  #shownLanguages = ''

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.src = ''
    this.recording = ''
    this.storyboard = null
    this.poster = null
    this.startAt = null
    this.playback = new Playback(this, () => this.#tick())
    void translateControls().then(() => this.requestUpdate())
  }

  protected override firstUpdated(): void {
    const controller = this.renderRoot.querySelector<MediaController>('media-controller')
    const frame = this.renderRoot.querySelector<HTMLElement>('.frame')
    const { video } = this
    if (!controller || !frame || !video) return
    controller.fullscreenElement = frame
    video.textTracks.addEventListener('change', this.#keepCaptions)
    controller.mediaStore = recordingStore({ media: video, fullscreenElement: frame }, this.playback)
  }

  protected override updated(): void {
    const { video } = this
    const canvas = this.renderRoot.querySelector('canvas')
    if (!video || !canvas) return
    if (this.recording !== this.#loaded) {
      this.#loaded = this.recording
      if (this.recording) void this.#start(video, canvas)
      else this.playback.unload()
    } else if (this.recording) this.playback.renew(this.src)
    this.#texts.follow(this.recording, this.src)
    this.#showCaptions()
    if (this.playback.state !== this.#state) {
      this.#state = this.playback.state
      this.dataset.state = this.#state
      this.dispatchEvent(new Event('statechange'))
    }
  }

  get video(): HTMLVideoElement | null {
    return this.renderRoot.querySelector('video')
  }

  /** Captions or chapters were edited. */
  reloadTexts(): void {
    void this.#texts.load()
  }

  /** As this device has them on, once they are there; then as the viewer says. */
  #showCaptions(): void {
    const languages = this.#texts.value.captions.map(({ language }) => language)
    const list = `${this.recording} ${languages.join()}`
    if (list === this.#shownLanguages) return
    this.#shownLanguages = list
    const remembered = rememberedCaptions()
    this.#captions = remembered === null ? undefined : chooseCaptions(remembered, languages)
    this.#keepCaptions()
  }

  readonly #onCaptionsChosen = (): void => {
    if (!this.video) return
    const language = shownCaptions(this.video)
    this.#captions = language || null
    rememberCaptions(language)
  }

  /** Chromium shows one of its own choice beside. In Safari's own full screen its menu is the one that chooses. */
  readonly #keepCaptions = (): void => {
    const { video } = this
    const isNative = video && 'webkitDisplayingFullscreen' in video && video.webkitDisplayingFullscreen === true
    if (video && !isNative && this.#captions !== undefined) showCaptions(video, this.#captions)
  }

  /** The controls look for chapters when the list of tracks changes, which is before they are loaded. */
  readonly #onChapters = (): void => {
    this.video?.textTracks.dispatchEvent(new Event('change'))
  }

  readonly #onJump = ({ detail }: CustomEvent<number>): void => {
    if (this.video) this.video.currentTime = detail
  }

  async #start(video: HTMLVideoElement, canvas: HTMLCanvasElement): Promise<void> {
    const startAt = rememberedPosition(this.recording) ?? this.startAt
    this.playback.load(video, new FreezeFrame(canvas), { src: this.src, isLive: false, startAt })
    this.#isMutedByBrowser = await startPlaying(video)
    this.requestUpdate()
  }

  #tick(): void {
    const { renditions, rendition, video } = this.playback
    const list = `${renditions.length}:${rendition}:${this.#loaded}`
    if (list !== this.#shownRenditions) {
      this.#shownRenditions = list
      video?.dispatchEvent(new Event(RENDITIONS_CHANGED))
    }
    const chapter = video ? chapterAt(this.#texts.value.chapters, video.currentTime) : -1
    if (chapter !== this.#chapter) {
      this.#chapter = chapter
      this.requestUpdate()
    }
    if (video && !video.seeking) rememberPosition(this.recording, video.currentTime, video.duration)
  }

  #unmute(): void {
    this.#isMutedByBrowser = false
    if (this.video) this.video.muted = false
    this.requestUpdate()
  }

  readonly #onVolume = (): void => {
    if (this.#isMutedByBrowser && this.video?.muted === false) this.#unmute()
  }

  /** Tracks of their own: hls.js and Safari's player show them alike. */
  #tracks() {
    const { captions, chapters_url: chapters } = this.#texts.value
    return html`
      ${this.storyboard ? html`<track kind="metadata" label="thumbnails" default src=${this.storyboard} />` : nothing}
      ${repeat(
        captions,
        ({ language }) => `${this.recording} ${language}`,
        ({ language, label, url }) => html`<track kind="subtitles" srclang=${language} label=${label} src=${url} />`,
      )}
      ${repeat(
        chapters ? [chapters] : [],
        (url) => url,
        (url) => html`<track kind="chapters" default src=${url} @load=${this.#onChapters} />`,
      )}
    `
  }

  protected override render() {
    const { state } = this.playback
    const { captions, chapters } = this.#texts.value
    const message =
      state === 'refused'
        ? msg('This recording is not open to you any more. Reload the page, or sign in again.')
        : state === 'reconnecting'
          ? msg('The server does not answer. Trying again…')
          : ''
    return html`<div
      class="frame"
      @mediashowsubtitlesrequest=${this.#onCaptionsChosen}
      @mediadisablesubtitlesrequest=${this.#onCaptionsChosen}
      @mediatogglesubtitlesrequest=${this.#onCaptionsChosen}
    >
      <canvas aria-hidden="true"></canvas>
      <media-controller nodefaultstore lang=${currentLocale()}>
        <video slot="media" part="video" playsinline crossorigin poster=${this.poster ?? nothing} @volumechange=${this.#onVolume}>
          ${this.#tracks()}
        </video>
        <media-loading-indicator slot="centered-chrome" noautohide></media-loading-indicator>
        <media-rendition-menu hidden anchor="auto"></media-rendition-menu>
        <media-captions-menu hidden anchor="auto"></media-captions-menu>
        <media-playback-rate-menu hidden anchor="auto" rates="0.5 0.75 1 1.25 1.5 1.75 2"></media-playback-rate-menu>
        <div class="shade"></div>
        <media-time-range>
          <media-preview-thumbnail slot="preview"></media-preview-thumbnail>
          <media-preview-chapter-display slot="preview"></media-preview-chapter-display>
          <media-preview-time-display slot="preview"></media-preview-time-display>
        </media-time-range>
        <media-control-bar>
          <media-play-button></media-play-button>
          <media-seek-backward-button seekoffset="10"></media-seek-backward-button>
          <media-seek-forward-button seekoffset="10"></media-seek-forward-button>
          <media-mute-button></media-mute-button>
          <media-volume-range></media-volume-range>
          <media-time-display showduration></media-time-display>
          <span class="chapter">${chapters[this.#chapter]?.title ?? ''}</span>
          <span class="gap"></span>
          <media-captions-menu-button ?hidden=${captions.length === 0}></media-captions-menu-button>
          <media-playback-rate-menu-button></media-playback-rate-menu-button>
          <media-rendition-menu-button></media-rendition-menu-button>
          <media-pip-button></media-pip-button>
          <media-fullscreen-button></media-fullscreen-button>
        </media-control-bar>
      </media-controller>
      <div class="over" role="status" ?hidden=${!message}><p>${message}</p></div>
      ${this.#isMutedByBrowser ? html`<button class="unmute" @click=${this.#unmute}>${icon('volume-off')}${msg('Turn sound on')}</button>` : nothing}
    </div>
    <chapter-list ?hidden=${chapters.length === 0} .chapters=${chapters} .current=${this.#chapter} @jump=${this.#onJump}></chapter-list>`
  }
}
customElements.define('vod-player', VodPlayer)

declare global {
  interface HTMLElementTagNameMap {
    'vod-player': VodPlayer
  }
}
