import { msg, updateWhenLocaleChanges } from '@lit/localize'
import type { Commands, RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import type { ChannelBroadcastJson, ChannelJson } from '../../server/channels/contract.ts'
import { ApiError } from '../api.ts'
import { lessonAddress } from '../courses/standing.ts'
import { Poll } from '../poll.ts'
import { go } from '../router.ts'
import { loadViewer } from '../session.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import './channel-panel.ts'
import './obs-panel.ts'
import { panel } from './panel-styles.ts'
import './stream-key-panel.ts'

/** Where a channel's owner goes live from. */
export class StudioPage extends LitElement {
  static override styles = [
    base,
    buttons,
    panel,
    css`
      .head { display: flex; flex-wrap: wrap; align-items: baseline; gap: 6px 18px; margin-bottom: 20px }
      .all { display: grid; gap: 22px }
      .two { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 22px; align-items: start }
      .column { display: grid; gap: 22px }
      .idle { display: flex; flex-wrap: wrap; align-items: center; gap: 16px }
      .idle svg { flex: none; color: var(--ink-soft) }
      .idle p { flex: 1; min-width: 14em; max-width: 60ch }
      .over { background: var(--accent-tint); border-color: transparent }
      @media (max-width: 900px) { .two { grid-template-columns: minmax(0, 1fr) } }
    `,
  ]
  static override properties = { failure: { state: true } }

  declare failure: ApiError | null
  readonly #channel = new Poll<ChannelJson>(
    this,
    () => 3000,
    (channel) => this.#onChannel(channel),
  )
  #lastShow: Pick<ChannelBroadcastJson, 'title' | 'recording' | 'course' | 'lesson'> | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.failure = null
  }

  /** Called by the router: the studio is for who is signed in. */
  async onBeforeEnter(_location: RouterLocation, commands: Commands) {
    try {
      if (!(await loadViewer())) {
        go('/sign-in?next=/studio')
        return commands.prevent()
      }
      this.#channel.follow('/api/channels/me/')
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.failure = error
    }
    return undefined
  }

  #onChannel({ broadcast }: ChannelJson): void {
    if (broadcast?.status !== 'live') return
    this.#lastShow = broadcast
    // Player and charts of a running show are loaded with the first one.
    void import('./live-panel.ts')
    void import('../teach/make-lesson.ts')
  }

  #now(channel: ChannelJson) {
    const show = channel.broadcast
    if (show?.status === 'live' && show.playback_url) {
      return html`<live-panel .show=${show} @ended=${() => this.#channel.now()}></live-panel>`
    }
    const { title = '', recording = null, course = null, lesson = null } = this.#lastShow ?? {}
    return html`
      ${
        this.#lastShow
          ? html`<section class="panel over idle" role="status">
            ${icon('circle-check', 30)}
            <p>${msg('The show is over.')} ${recording ? html`<a href="/recordings/${recording}">${msg('Watch the recording')}</a>` : nothing}</p>
            ${
              // Announced as a lesson, it is one already.
              course && lesson
                ? html`<a class="button" href=${lessonAddress({ slug: String(course) }, lesson)}>${msg('See the lesson')}</a>`
                : recording
                  ? html`<make-lesson .recording=${recording} .heading=${title}></make-lesson>`
                  : nothing
            }
          </section>`
          : nothing
      }
      <section class="panel idle" role="status">
        ${icon('broadcast', 34)}
        <p>
          <strong>${msg('You are off air.')}</strong>
          ${msg('Start streaming in OBS: the preview and the health of your show appear here by themselves.')}
        </p>
      </section>
    `
  }

  protected override render() {
    document.title = `${msg('Studio')} · Ustat`
    const { value: channel, error } = this.#channel
    const shown = this.failure ?? error
    return html`
      <div class="head">
        <h1>${msg('Studio')}</h1>
        ${channel ? html`<a href="/c/${channel.slug}">${msg('Your channel page')}</a>` : nothing}
      </div>
      <div class="all">
        ${shown ? html`<notice-box .error=${shown} retries @retry=${() => (this.failure ? location.reload() : this.#channel.now())}></notice-box>` : nothing}
        ${channel ? this.#now(channel) : nothing}
        ${
          channel
            ? html`<div class="two">
              <div class="column">
                <stream-key-panel></stream-key-panel>
                <channel-panel .channel=${channel} @saved=${() => this.#channel.now()}></channel-panel>
              </div>
              <obs-panel></obs-panel>
            </div>`
            : nothing
        }
      </div>
    `
  }
}
customElements.define('studio-page', StudioPage)

declare global {
  interface HTMLElementTagNameMap {
    'studio-page': StudioPage
  }
}
