import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import type { RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import type { ChannelBroadcastJson, ChannelJson } from '../../server/channels/contract.ts'
import type { ServerFrame } from '../../server/chat/protocol.ts'
import type { RecordingPageJson } from '../../server/vod/contract.ts'
import { chatConnection } from '../chat/chat-connection.ts'
import '../chat/chat-panel.ts'
import '../notices/follow-button.ts'
import { Poll } from '../poll.ts'
import '../player/live-player.ts'
import { besides } from '../player/program-time.ts'
import { recordingCard } from '../recordings/recording-card.ts'
import { serverClock } from '../server-clock.ts'
import { Session } from '../session.ts'
import { face, faceStyles } from '../ui/face.ts'
import { dateText, relativeText, viewersText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/not-found-page.ts'
import '../ui/notice-box.ts'
import '../ui/skeleton-cards.ts'
import { base, buttons, cardGrid, liveBadge, stuckPlayer } from '../ui/styles.ts'

/** The chat's connection says when a show begins or ends; what it may have missed is seen so soon. */
const SLOW_POLL_MS = 10_000
/** Without that connection a show is seen within 3 s of its start. */
const POLL_MS = 3000
/** So many viewers do not all ask in the same moment; and another process may be a second behind. */
const SPREAD_MS = 500
const BEHIND_MS = 1500

/**
 * A channel: its show while it is live, and what it was and will be while it is not. Turns from one to the other by
 * itself.
 */
export class ChannelPage extends LitElement {
  static override styles = [
    base,
    buttons,
    cardGrid,
    liveBadge,
    faceStyles,
    css`
      .stage { display: grid; grid-template-columns: minmax(0, 1fr) minmax(300px, 360px); gap: 24px; align-items: start }
      .stage > div { max-width: 1180px; width: 100%; margin: 0 auto }
      .off { display: grid; place-content: center; justify-items: center; gap: 14px; aspect-ratio: 16 / 9; max-height: 60vh; width: 100%; padding: 24px; border-radius: 18px; background: radial-gradient(circle at 50% 20%, #22332e, #0b100f); color: #eef3f1; text-align: center }
      .off p { max-width: 34em; text-wrap: balance }
      .off .lead { font-size: clamp(1.1rem, 0.9rem + 1vw, 1.5rem); font-weight: 680; letter-spacing: -0.01em }
      .off .button { background: #5fd0b6; color: #05231d }
      .about { margin-top: 20px; display: grid; gap: 8px }
      .who { display: flex; gap: 16px; align-items: center; --face: 64px }
      .who > div { display: grid; gap: 6px; min-width: 0 }
      .who h1 { overflow-wrap: anywhere }
      .facts { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 14px; color: var(--ink-soft) }
      .facts strong { color: var(--ink); font-weight: 620 }
      .description { margin-top: 8px; max-width: 70ch; white-space: pre-line; overflow-wrap: anywhere }
      .own { display: flex; flex-wrap: wrap; gap: 10px }
      .more { margin-top: 52px }
      .more h2 { margin-bottom: 16px }
      notice-box { margin-bottom: 16px }
      .bone { aspect-ratio: 16 / 9; border-radius: 18px; background: var(--sunken) }
      @media (max-width: 960px) { .stage { grid-template-columns: minmax(0, 1fr) } }
      @media (max-width: 640px) { live-player, .off, .bone { margin-inline: calc(-1 * var(--gutter)); width: auto; --player-radius: 0; border-radius: 0 } .about { margin-top: 14px } .who { align-items: start; gap: 12px; --face: 48px } }
      ${stuckPlayer}
    `,
  ]
  static override properties = { slug: {} }

  declare slug: string
  readonly #channel = new Poll<ChannelJson>(
    this,
    () => (chatConnection.state === 'open' ? SLOW_POLL_MS : POLL_MS),
    (channel) => this.#onChannel(channel),
  )
  readonly #recordings = new Poll<RecordingPageJson>(this, () => 20_000)
  readonly #session = new Session(this)
  #stopListening: (() => void) | null = null
  #timers: ReturnType<typeof setTimeout>[] = []
  /** The show that plays. */
  #show: ChannelBroadcastJson | null = null
  /** The show that ended while this page was open. */
  #over: ChannelBroadcastJson | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.slug = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#stopListening = chatConnection.listen(this.#onFrame)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#stopListening?.()
    for (const timer of this.#timers) clearTimeout(timer)
  }

  readonly #onFrame = (frame: ServerFrame): void => {
    if (frame.t !== 'live' || frame.room !== this.#channel.value?.chat_room) return
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers = [Math.random() * SPREAD_MS, BEHIND_MS + Math.random() * SPREAD_MS].map((ms) =>
      setTimeout(() => {
        if ((frame.broadcast ?? undefined) !== this.#show?.id) this.#channel.now()
      }, ms),
    )
  }

  /** Called by the router before the page is shown. */
  onBeforeEnter({ params }: RouterLocation): void {
    this.slug = String(params.slug)
    const slug = encodeURIComponent(this.slug)
    this.#show = null
    this.#over = null
    this.#channel.follow(`/api/channels/${slug}/`)
    this.#recordings.follow(`/api/recordings/?channel=${slug}`)
  }

  #onChannel({ broadcast }: ChannelJson): void {
    const next = broadcast?.status === 'live' && broadcast.playback_url ? broadcast : null
    if (this.#show && this.#show.id !== next?.id) {
      this.#over = this.#show
      this.#recordings.now()
    }
    if (next) this.#over = null
    this.#show = next
  }

  readonly #onState = (event: Event): void => {
    const { state } = (event.target as HTMLElementTagNameMap['live-player']).playback
    // The playlist knows before the next poll does; a refused token may just be old.
    if (state === 'ended' || state === 'refused') this.#channel.now()
    this.requestUpdate()
  }

  readonly #delay = (): number | null =>
    this.#show ? (this.renderRoot.querySelector('live-player')?.latency ?? 0) : null

  /** For its owner while it is live; their code is loaded for nobody else. */
  #ownTools({ slug }: ChannelJson) {
    const { viewer } = this.#session
    const show = this.#show
    if (!show?.playback_url || !viewer || (viewer.role !== 'admin' && viewer.channel !== slug)) return nothing
    void import('../gif/cut-piece.ts')
    return html`<div class="own"><cut-piece .of=${{ broadcast: show.id }} .where=${() => this.#whereInShow()}></cut-piece></div>`
  }

  async #whereInShow(): Promise<{ at: number; total: number } | null> {
    const { showWindow } = await import('../gif/show-window.ts')
    const playing = this.renderRoot.querySelector('live-player')?.playback.playingDateMs
    const playlist = this.#show?.playback_url
    return playlist ? showWindow(besides(playlist, 'dvr.m3u8'), playing ?? serverClock.now()) : null
  }

  #stage(channel: ChannelJson) {
    const show = this.#show
    if (show?.playback_url) {
      return html`<live-player
        .src=${show.playback_url}
        .broadcast=${show.id}
        .startedAt=${show.started_at ?? ''}
        @statechange=${this.#onState}
      ></live-player>`
    }
    if (this.#over) {
      const { recording } = this.#over
      return html`<div class="off">
        <p class="lead">${msg('The show has ended')}</p>
        <p>${msg('Thank you for watching. This page goes live by itself when the next one starts.')}</p>
        ${recording ? html`<a class="button" href="/recordings/${recording}">${icon('play')}${msg('Watch the recording')}</a>` : nothing}
      </div>`
    }
    const next = channel.broadcast
    return html`<div class="off">
      ${icon('broadcast', 44)}
      <p class="lead">${next?.starts_at ? next.title : msg('Not live right now')}</p>
      <p>
        ${
          next?.starts_at
            ? msg(str`Starts ${relativeText(next.starts_at, serverClock.now())}: ${dateText(next.starts_at)}.`)
            : msg('Leave this page open: it goes live by itself when the show starts.')
        }
      </p>
    </div>`
  }

  #about(channel: ChannelJson) {
    const show = this.#show
    return html`<div class="about">
      <div class="who">
        ${face(channel.title, channel.picture, 64)}
        <div>
          <h1>${show?.title ?? channel.title}</h1>
          <p class="facts">
            ${show ? html`<span class="live-badge">${msg('Live')}</span>` : nothing}
            ${show && show.title !== channel.title ? html`<strong>${channel.title}</strong>` : nothing}
            ${channel.owner.display_name === channel.title ? nothing : html`<span>${channel.owner.display_name}</span>`}
            ${show ? html`<span>${viewersText(show.viewers)}</span>` : nothing}
            ${show?.started_at ? html`<span>${msg(str`started ${relativeText(show.started_at, serverClock.now())}`)}</span>` : nothing}
          </p>
        </div>
      </div>
      <follow-button .slug=${channel.slug} .owner=${channel.owner.id}></follow-button>
      ${this.#ownTools(channel)}
      ${channel.description ? html`<p class="description">${channel.description}</p>` : nothing}
    </div>`
  }

  #more() {
    const shown = this.#recordings.value?.results.filter(({ status }) => status === 'ready') ?? []
    if (shown.length === 0) return nothing
    return html`<section class="more" aria-labelledby="more">
      <h2 id="more">${msg('Recordings of this channel')}</h2>
      <ul class="grid">${shown.map((recording) => recordingCard(recording, serverClock.now()))}</ul>
    </section>`
  }

  /** For screen readers: what changed without anything being pressed. */
  #announcement(): string {
    if (this.#show) return msg(str`Live: ${this.#show.title}`)
    return this.#over ? msg('The show has ended') : ''
  }

  protected override render() {
    const { value: channel, error } = this.#channel
    if (!channel && error?.status === 404) return html`<not-found-page></not-found-page>`
    const title = this.#show?.title ?? channel?.title
    document.title = title ? `${this.#show ? '● ' : ''}${title} · Ustat` : 'Ustat'
    return html`
      <p class="visually-hidden" aria-live="polite">${this.#announcement()}</p>
      ${error && !this.#show ? html`<notice-box .error=${error} retries @retry=${() => this.#channel.now()}></notice-box>` : nothing}
      <div class="stage">
        <div>${channel ? html`${this.#stage(channel)}${this.#about(channel)}` : html`<div class="bone"></div>`}</div>
        ${channel ? html`<chat-panel .room=${channel.chat_room} .delay=${this.#delay}></chat-panel>` : nothing}
      </div>
      ${this.#more()}
    `
  }
}
customElements.define('channel-page', ChannelPage)

declare global {
  interface HTMLElementTagNameMap {
    'channel-page': ChannelPage
  }
}
