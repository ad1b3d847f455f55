import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import type { Commands, RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import type { VideoJson } from '../../server/videos/contract.ts'
import { onJob } from '../notices/job-updates.ts'
import '../player/vod-player.ts'
import { Poll } from '../poll.ts'
import { serverClock } from '../server-clock.ts'
import { Session } from '../session.ts'
import { dateText, durationWords, relativeText, sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/not-found-page.ts'
import '../ui/notice-box.ts'
import { poster } from '../ui/picture.ts'
import { base, stuckPlayer } from '../ui/styles.ts'
import { beforeLeave } from '../ui/unsaved.ts'
import type { Film } from './film-tools.ts'
import { failureText } from './video-words.ts'

const BUSY_POLL_MS = 3000
/** Its signed address has an end. */
const READY_POLL_MS = 300_000

function pauseOf(video: VideoJson | null): number {
  return video?.status === 'ready' || video?.status === 'failed' ? READY_POLL_MS : BUSY_POLL_MS
}

/** A video; it plays from its first seconds on while the rest is made. */
export class VideoPage extends LitElement {
  static override styles = [
    base,
    css`
      .all { max-width: 1180px; margin: 0 auto }
      .bone { aspect-ratio: 16 / 9; border-radius: 18px; background: var(--sunken) }
      .off { display: grid; place-content: center; justify-items: center; gap: 14px; aspect-ratio: 16 / 9; max-height: 60vh; width: 100%; padding: 24px; border-radius: 18px; background: radial-gradient(circle at 50% 20%, #22332e, #0b100f); color: #eef3f1; text-align: center }
      .off p { max-width: 34em }
      .making { display: grid; gap: 8px; margin-bottom: 16px; padding: 12px 18px; border-radius: var(--radius); background: var(--accent-tint) }
      progress { appearance: none; width: 100%; height: 8px; border: 0; border-radius: 99px; overflow: hidden; background: var(--sunken) }
      progress::-webkit-progress-bar { background: var(--sunken) }
      progress::-webkit-progress-value { background: var(--accent); border-radius: 99px; transition: width 0.4s }
      progress::-moz-progress-bar { background: var(--accent) }
      .about { margin-top: 20px; display: grid; gap: 8px }
      h1 { overflow-wrap: anywhere }
      .facts { display: flex; flex-wrap: wrap; gap: 6px 16px; color: var(--ink-soft) }
      .own { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 8px }
      notice-box { margin-bottom: 16px }
      @media (max-width: 640px) { vod-player, .off, .bone { margin-inline: calc(-1 * var(--gutter)); width: auto; --player-radius: 0; border-radius: 0 } .about { margin-top: 14px } }
      ${stuckPlayer}
    `,
  ]
  static override properties = { video: {}, player: { state: true } }

  /** Its id. */
  declare video: string
  /** What plays, once it is there. */
  declare player: HTMLVideoElement | null
  readonly #poll = new Poll<VideoJson>(this, pauseOf)
  readonly #session = new Session(this)
  #endJobs: (() => void) | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.video = ''
    this.player = null
  }

  /** Called by the router before the page is shown. */
  onBeforeEnter({ params }: RouterLocation): void {
    this.video = String(params.id)
    this.#poll.follow(`/api/videos/${encodeURIComponent(this.video)}/`)
  }

  /** Called by the router before another page is. */
  onBeforeLeave(_location: RouterLocation, commands: Commands) {
    return beforeLeave(commands)
  }

  protected override async updated(): Promise<void> {
    const element = this.renderRoot.querySelector('vod-player')
    await element?.updateComplete
    this.player = element?.video ?? null
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#endJobs = onJob((job) => {
      const { value } = this.#poll
      if (value?.id !== job.id) return
      if (job.status !== value.status || job.progress >= 100 || !value.playback_url) this.#poll.now()
      value.progress = Math.max(value.progress, job.progress)
      this.requestUpdate()
    })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#endJobs?.()
  }

  #off(text: string, name: 'alert' | 'film') {
    return html`<div class="off" role="status">${icon(name, 40)}<p>${text}</p></div>`
  }

  #stage(video: VideoJson) {
    if (video.status === 'failed') return this.#off(failureText(video.failure), 'alert')
    if (video.status === 'uploading') {
      return this.#off(msg('It is not here whole yet. Its upload goes on under “Your videos”.'), 'film')
    }
    const { progress } = video
    const words = video.playback_url
      ? msg(str`You can watch it already; the rest is being made: ${progress} %`)
      : msg(str`It is being made: ${progress} %`)
    return html`
      ${video.status === 'ready' ? nothing : html`<div class="making"><p>${words}</p><progress max="100" .value=${progress} aria-label=${msg('Processing')}></progress></div>`}
      ${
        video.playback_url
          ? html`<vod-player .src=${video.playback_url} .recording=${video.id} .storyboard=${video.storyboard_url} .poster=${poster(video.thumbnail_url, video.thumbnail_widths)}></vod-player>`
          : this.#off(msg('It can be watched in a moment.'), 'film')
      }
    `
  }

  /** For its owner; its code is loaded for nobody else. The video itself does not say whose it is: the server does. */
  #own(video: VideoJson) {
    if (!video.may_edit || !this.#session.viewer) return nothing
    void import('./film-tools.ts')
    void import('../teach/make-lesson.ts')
    void import('../captions/edit-texts.ts')
    void import('../gif/cut-piece.ts')
    const { player } = this
    const { id, title, visibility } = video
    return html`<div class="own">
      ${video.status === 'ready' ? html`<make-lesson .video=${id} .heading=${title}></make-lesson>` : nothing}
      <film-tools .film=${{ kind: 'video', id, title, visibility, shelf: '/videos' } satisfies Film} @saved=${() => this.#poll.now()}></film-tools>
      ${
        video.status === 'ready'
          ? html`<cut-piece
              .of=${{ video: video.id }}
              .where=${async () => player && { at: player.currentTime, total: player.duration || video.duration_seconds }}
              .show=${(to: number) => {
                if (player) player.currentTime = to
              }}
            ></cut-piece>`
          : nothing
      }
      ${
        video.playback_url
          ? html`<edit-texts .film=${`/api/videos/${video.id}/`} .video=${this.player} @saved=${() => this.renderRoot.querySelector('vod-player')?.reloadTexts()}></edit-texts>`
          : nothing
      }
    </div>`
  }

  protected override render() {
    const { value: video, error } = this.#poll
    if (!video && error?.status === 404) return html`<not-found-page></not-found-page>`
    document.title = video ? `${video.title} · Ustat` : 'Ustat'
    return html`<div class="all">
      ${error ? html`<notice-box .error=${error} retries @retry=${() => this.#poll.now()}></notice-box>` : nothing}
      ${
        video
          ? html`${this.#stage(video)}
            <div class="about">
              <h1>${video.title}</h1>
              <p class="facts">
                <time datetime=${video.created_at} title=${dateText(video.created_at)}>${relativeText(video.created_at, serverClock.now())}</time>
                ${video.duration_seconds > 0 ? html`<span>${durationWords(video.duration_seconds)}</span>` : nothing}
                ${video.height ? html`<span>${video.height}p</span>` : nothing}
                ${video.size_bytes > 0 ? html`<span>${sizeText(video.size_bytes)}</span>` : nothing}
              </p>
              ${this.#own(video)}
            </div>`
          : html`<div class="bone"></div>`
      }
    </div>`
  }
}
customElements.define('video-page', VideoPage)

declare global {
  interface HTMLElementTagNameMap {
    'video-page': VideoPage
  }
}
