import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing, type TemplateResult } from 'lit'
import type { Page } from '../api.ts'
import { chatConnection } from '../chat/chat-connection.ts'
import { Poll } from '../poll.ts'
import { recordingCard } from '../recordings/recording-card.ts'
import { serverClock } from '../server-clock.ts'
import { viewersText } from '../ui/format.ts'
import '../ui/media-card.ts'
import '../ui/notice-box.ts'
import '../ui/skeleton-cards.ts'
import type { BroadcastJson } from '../../server/live/contract.ts'
import type { RecordingJson } from '../../server/vod/contract.ts'
import { base, buttons, cardGrid, liveBadge } from '../ui/styles.ts'

/** What is live now, what was recorded, and how to go live oneself. */
export class HomePage extends LitElement {
  static override styles = [
    base,
    buttons,
    cardGrid,
    liveBadge,
    css`
      section + section { margin-top: 56px }
      .live-grid { grid-template-columns: repeat(auto-fill, minmax(min(100%, 400px), 1fr)) }
      .head { display: flex; align-items: baseline; gap: 12px; margin-bottom: 18px }
      .count { color: var(--ink-soft); font-variant-numeric: tabular-nums }
      .invite { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); gap: 28px 56px; align-items: center; padding: clamp(24px, 4vw, 48px); border-radius: 22px; background: var(--accent-tint) }
      .invite p { margin: 12px 0 24px; max-width: 36em }
      .steps { counter-reset: step; display: grid; gap: 18px }
      .steps li { counter-increment: step; display: grid; grid-template-columns: 34px 1fr; gap: 14px; align-items: start }
      .steps li::before { content: counter(step); display: grid; place-items: center; width: 34px; height: 34px; border-radius: 50%; background: var(--accent); color: var(--on-accent); font-weight: 700 }
      .steps strong { display: block }
      .empty { padding: 36px; border: 1px dashed var(--line); border-radius: var(--radius); text-align: center }
      .slim { margin-top: 56px; display: flex; flex-wrap: wrap; gap: 14px; align-items: center; justify-content: space-between; padding: 20px 24px; border-radius: var(--radius); background: var(--accent-tint) }
      @media (max-width: 760px) { .invite { grid-template-columns: minmax(0, 1fr) } section + section { margin-top: 40px } }
    `,
  ]

  readonly #live = new Poll<Page<BroadcastJson>>(
    this,
    () => 5000,
    (shows) => this.#onLive(shows),
  )
  readonly #recordings = new Poll<Page<RecordingJson>>(this, () => 15_000)

  #stopListening: (() => void) | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.#live.follow('/api/live/')
    this.#recordings.follow('/api/recordings/')
  }

  override connectedCallback(): void {
    super.connectedCallback()
    // A channel that they follow is live: it belongs here at once.
    this.#stopListening = chatConnection.listen((frame) => {
      if (frame.t === 'ntf' && frame.about?.kind === 'live') this.#live.now()
    })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#stopListening?.()
  }

  /** Somebody will press on a show: have its page's code there by then. */
  #onLive({ count }: Page<BroadcastJson>): void {
    if (count > 0) globalThis.requestIdleCallback?.(() => void import('../channel/channel-page.ts'))
  }

  #liveCard(show: BroadcastJson): TemplateResult {
    return html`<li>
      <media-card href="/c/${show.channel.slug}" heading=${show.title} .picture=${show.thumbnail_url} .channel=${show.channel}>
        <span slot="badge" class="live-badge">${msg('Live')}</span>
        ${show.channel.title} · ${viewersText(show.viewers)}
      </media-card>
    </li>`
  }

  #liveSection() {
    const { value, error } = this.#live
    if (!value) {
      return error
        ? html`<notice-box .error=${error} retries @retry=${() => this.#live.now()}></notice-box>`
        : html`<skeleton-cards count="2"></skeleton-cards>`
    }
    if (value.results.length === 0) return this.#invitation()
    return html`<ul class="grid live-grid">${value.results.map((show) => this.#liveCard(show))}</ul>`
  }

  #invitation() {
    return html`<div class="invite">
      <div>
        <h1>${msg('Nobody is live right now')}</h1>
        <p>${msg('Go live yourself: your viewers follow with about a second of delay, and the recording is ready when you stop.')}</p>
        <a class="button" href="/studio">${msg('Open the studio')}</a>
      </div>
      <ol class="steps">
        <li><div><strong>${msg('Get your stream key')}</strong><span class="soft">${msg('The studio shows the server address and the key of your channel.')}</span></div></li>
        <li><div><strong>${msg('Paste both into OBS')}</strong><span class="soft">${msg('Settings, Stream, Service: Custom.')}</span></div></li>
        <li><div><strong>${msg('Start streaming')}</strong><span class="soft">${msg('Your show appears here within seconds.')}</span></div></li>
      </ol>
    </div>`
  }

  #recordingsSection() {
    const { value, error } = this.#recordings
    if (!value) {
      return error
        ? html`<notice-box .error=${error} retries @retry=${() => this.#recordings.now()}></notice-box>`
        : html`<skeleton-cards count="4"></skeleton-cards>`
    }
    const shown = value.results.filter(({ status }) => status === 'ready')
    if (shown.length === 0) {
      return html`<p class="empty soft">${msg('No recordings yet. Every show becomes one the moment it ends.')}</p>`
    }
    return html`<ul class="grid">${shown.map((recording) => recordingCard(recording, serverClock.now(), true))}</ul>`
  }

  protected override render() {
    document.title = 'Ustat'
    const shows = this.#live.value?.results.length ?? 0
    return html`
      <section aria-labelledby="live" aria-live="polite">
        <div class="head" ?hidden=${shows === 0 && this.#live.value !== null}>
          <h1 id="live">${msg('Live now')}</h1>
          ${shows > 0 ? html`<span class="count">${shows}</span>` : nothing}
        </div>
        ${this.#liveSection()}
      </section>
      <section aria-labelledby="recorded">
        <div class="head"><h2 id="recorded">${msg('Recordings')}</h2></div>
        ${this.#recordingsSection()}
      </section>
      <p class="slim"><span>${msg('A few seconds of a video say more than a page? Make a GIF of them, without an account.')}</span><a class="button" href="/gif">${msg('Make a GIF')}</a></p>
      ${shows > 0 ? html`<p class="slim"><span>${msg('Have something to teach? Go live from OBS in three steps.')}</span><a class="button" href="/studio">${msg('Open the studio')}</a></p>` : nothing}
    `
  }
}
customElements.define('home-page', HomePage)

declare global {
  interface HTMLElementTagNameMap {
    'home-page': HomePage
  }
}
