import { msg, updateWhenLocaleChanges } from '@lit/localize'
import type { Commands, RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import type { RecordingJson } from '../../server/vod/contract.ts'
import '../chat/chat-panel.ts'
import '../chat/chat-replay.ts'
import { Poll } from '../poll.ts'
import '../player/vod-player.ts'
import { serverClock } from '../server-clock.ts'
import { Session } from '../session.ts'
import { dateText, durationWords, relativeText, sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/not-found-page.ts'
import '../ui/notice-box.ts'
import { poster } from '../ui/picture.ts'
import { base, buttons, liveBadge, stuckPlayer } from '../ui/styles.ts'
import { beforeLeave } from '../ui/unsaved.ts'
import type { Film } from '../videos/film-tools.ts'

/** While the show runs or was just closed. What is ready hardly changes, but its signed address has an end. */
const POLL_MS = 5000
const READY_POLL_MS = 300_000

function pauseOf(recording: RecordingJson | null): number {
  return recording?.status === 'ready' && recording.chat_url ? READY_POLL_MS : POLL_MS
}

/** A recording; while its show still runs, the way to the live one. */
export class RecordingPage extends LitElement {
  static override styles = [
    base,
    buttons,
    liveBadge,
    css`
      .stage { display: grid; grid-template-columns: minmax(0, 1fr) minmax(300px, 360px); gap: 24px; align-items: start }
      .stage.alone { grid-template-columns: minmax(0, 1180px); justify-content: center }
      .bone { aspect-ratio: 16 / 9; border-radius: 18px; background: var(--sunken) }
      .off { display: grid; place-content: center; justify-items: center; gap: 14px; aspect-ratio: 16 / 9; max-height: 60vh; width: 100%; padding: 24px; border-radius: 18px; background: radial-gradient(circle at 50% 20%, #22332e, #0b100f); color: #eef3f1; text-align: center }
      .off p { max-width: 34em }
      .about { margin-top: 20px; display: grid; gap: 8px }
      .facts { display: flex; flex-wrap: wrap; gap: 6px 16px; color: var(--ink-soft) }
      .facts a { font-weight: 620; text-decoration: none }
      .running { display: flex; flex-wrap: wrap; gap: 12px 18px; align-items: center; margin-bottom: 16px; padding: 12px 18px; border-radius: var(--radius); background: var(--accent-tint) }
      .running p { flex: 1; min-width: 14em }
      .own { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 8px }
      notice-box { margin-bottom: 16px }
      @media (max-width: 960px) { .stage, .stage.alone { grid-template-columns: minmax(0, 1fr) } }
      @media (max-width: 640px) { vod-player, .off, .bone { margin-inline: calc(-1 * var(--gutter)); width: auto; --player-radius: 0; border-radius: 0 } .about { margin-top: 14px } }
      ${stuckPlayer}
    `,
  ]
  static override properties = { recording: {}, video: { state: true } }

  /** Its id. */
  declare recording: string
  /** What plays, once it is there. */
  declare video: HTMLVideoElement | null
  readonly #poll = new Poll<RecordingJson>(this, pauseOf)

  readonly #session = new Session(this)

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.recording = ''
    this.video = null
  }

  /** Called by the router before the page is shown. */
  onBeforeEnter({ params }: RouterLocation): void {
    this.recording = String(params.id)
    this.#poll.follow(`/api/recordings/${encodeURIComponent(this.recording)}/`)
  }

  /** Called by the router before another page is. */
  onBeforeLeave(_location: RouterLocation, commands: Commands) {
    return beforeLeave(commands)
  }

  protected override async updated(): Promise<void> {
    const player = this.renderRoot.querySelector('vod-player')
    await player?.updateComplete
    const video = player?.video ?? null
    if (video !== this.video) this.video = video
  }

  /** Seconds between the server's present and the picture; null until that is known. */
  readonly #delay = (): number | null => {
    const dateMs = this.renderRoot.querySelector('vod-player')?.playback.playingDateMs ?? null
    return dateMs === null ? null : (serverClock.now() - dateMs) / 1000
  }

  /** The room itself while the show runs, then what was said in it. */
  #chat(recording: RecordingJson) {
    const { status, chat_room: room, chat_url: url, chat_pieces: pieces } = recording
    if (status === 'failed') return nothing
    if (status === 'live') return html`<chat-panel .room=${room} .delay=${this.#delay}></chat-panel>`
    return html`<chat-replay .url=${url} .pieces=${pieces} .room=${room} .video=${this.video}></chat-replay>`
  }

  #stage(recording: RecordingJson) {
    if (recording.status === 'failed' || !recording.playback_url) {
      return html`<div class="off">
        ${icon('alert', 40)}
        <p>${msg('Nothing playable was recorded: the show ended before any picture or sound arrived.')}</p>
      </div>`
    }
    return html`
      ${
        recording.status === 'live'
          ? html`<div class="running">
            <span class="live-badge">${msg('Live')}</span>
            <p>${msg('This show is still running. You are watching it from its beginning.')}</p>
            <a class="button" href="/c/${recording.channel.slug}">${msg('Watch live')}</a>
          </div>`
          : nothing
      }
      <vod-player
        .src=${recording.playback_url}
        .recording=${recording.id}
        .storyboard=${recording.storyboard_url}
        .poster=${poster(recording.thumbnail_url, recording.thumbnail_widths)}
      ></vod-player>
    `
  }

  /** For its owner; their code is loaded for nobody else. */
  #ownTools({ id, title, status, visibility, channel, duration_seconds: seconds }: RecordingJson) {
    const { viewer } = this.#session
    const isOwn = viewer?.role === 'admin' || (viewer?.channel ?? '') === channel.slug
    if (!isOwn || status === 'live') return nothing
    void import('../videos/film-tools.ts')
    const shelf = `/c/${channel.slug}`
    const tools = html`<film-tools .film=${{ kind: 'recording', id, title, visibility, shelf } satisfies Film} @saved=${() => this.#poll.now()}></film-tools>`
    if (status === 'failed') return html`<div class="own">${tools}</div>`
    void import('../teach/make-lesson.ts')
    void import('../gif/cut-piece.ts')
    void import('../captions/edit-texts.ts')
    const { video } = this
    return html`<div class="own">
      <make-lesson .recording=${id} .heading=${title}></make-lesson>
      ${tools}
      <cut-piece
        .of=${{ recording: id }}
        .where=${async () => video && { at: video.currentTime, total: video.duration || seconds }}
        .show=${(to: number) => {
          if (video) video.currentTime = to
        }}
      ></cut-piece>
      <edit-texts .film=${`/api/recordings/${id}/`} .video=${video} @saved=${() => this.renderRoot.querySelector('vod-player')?.reloadTexts()}></edit-texts>
    </div>`
  }

  #about(recording: RecordingJson) {
    return html`<div class="about">
      <h1>${recording.title}</h1>
      <p class="facts">
        <a href="/c/${recording.channel.slug}">${recording.channel.title}</a>
        <time datetime=${recording.created_at} title=${dateText(recording.created_at)}>${relativeText(recording.created_at, serverClock.now())}</time>
        ${recording.duration_seconds > 0 ? html`<span>${durationWords(recording.duration_seconds)}</span>` : nothing}
        ${recording.height ? html`<span>${recording.height}p</span>` : nothing}
        ${recording.size_bytes > 0 ? html`<span>${sizeText(recording.size_bytes)}</span>` : nothing}
      </p>
      ${this.#ownTools(recording)}
    </div>`
  }

  protected override render() {
    const { value: recording, error } = this.#poll
    if (!recording && error?.status === 404) return html`<not-found-page></not-found-page>`
    document.title = recording ? `${recording.title} · Ustat` : 'Ustat'
    return html`<div class=${recording?.status === 'failed' ? 'stage alone' : 'stage'}>
      <div>
        ${error ? html`<notice-box .error=${error} retries @retry=${() => this.#poll.now()}></notice-box>` : nothing}
        ${recording ? html`${this.#stage(recording)}${this.#about(recording)}` : html`<div class="bone"></div>`}
      </div>
      ${recording ? this.#chat(recording) : nothing}
    </div>`
  }
}
customElements.define('recording-page', RecordingPage)

declare global {
  interface HTMLElementTagNameMap {
    'recording-page': RecordingPage
  }
}
