import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import type { ChannelBroadcastJson } from '../../server/channels/contract.ts'
import type { BroadcastHealthJson, HealthAnswerJson } from '../../server/live/contract.ts'
import { ApiError, send } from '../api.ts'
import '../player/live-player.ts'
import { Poll } from '../poll.ts'
import '../ui/confirm-dialog.ts'
import { bitrateText, decimalText, viewersText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { errorText } from '../ui/notice-box.ts'
import { base, liveBadge } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { adviceFor, isKeyframeIntervalGood, keyframeText, statusText } from './health-words.ts'
import { panel } from './panel-styles.ts'

/**
 * The running show as its publisher sees it: what viewers see, how well it arrives, and the way to end it.
 *
 * @fires ended - The show was ended from here.
 */
export class LivePanel extends LitElement {
  static override styles = [
    base,
    liveBadge,
    panel,
    css`
      .top { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 14px; margin-bottom: 18px }
      .top h2 { flex: 1; min-width: 8em; overflow-wrap: anywhere }
      .two { display: grid; grid-template-columns: minmax(0, 1.15fr) minmax(0, 1fr); gap: 28px }
      .facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr)); gap: 14px }
      .facts > div { padding: 12px 14px; border-radius: var(--radius-small); background: var(--sunken) }
      dt { color: var(--ink-soft); font-size: 0.8125rem }
      dd { font-size: 1.125rem; font-weight: 650; font-variant-numeric: tabular-nums; letter-spacing: -0.01em }
      dd.bad { color: var(--bad-ink) }
      .status { margin-bottom: 12px }
      .advice { display: grid; gap: 10px; margin-top: 16px }
      .advice li { display: grid; grid-template-columns: auto 1fr; gap: 12px; padding: 12px 16px; border-radius: var(--radius-small); background: var(--warn-tint); color: var(--warn-ink) }
      .advice strong { display: block }
      h3 { margin: 20px 0 10px }
      table { width: 100%; border-collapse: collapse; font-size: 0.9375rem; font-variant-numeric: tabular-nums }
      th { text-align: left; font-weight: 560; color: var(--ink-soft); font-size: 0.8125rem; padding: 4px 8px 6px 0 }
      td { padding: 7px 8px 7px 0; border-top: 1px solid var(--line) }
      tr.shed td { color: var(--ink-soft); text-decoration: line-through }
      tr.shed td:last-child { text-decoration: none; color: var(--bad-ink) }
      @media (max-width: 560px) { table { font-size: 0.875rem } th:nth-child(2), td:nth-child(2) { display: none } }
      @media (max-width: 900px) { .two { grid-template-columns: minmax(0, 1fr) } }
    `,
  ]
  static override properties = { show: { attribute: false }, isEnding: { state: true } }

  declare show: ChannelBroadcastJson | null
  declare isEnding: boolean
  readonly #health = new Poll<HealthAnswerJson>(this, () => 1000)
  #timer: ReturnType<typeof setInterval> | undefined

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.show = null
    this.isEnding = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    // The delay is measured by the preview, which does not render this panel.
    this.#timer = setInterval(() => this.requestUpdate(), 1000)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
  }

  protected override willUpdate(): void {
    this.#health.follow(this.show ? `/api/broadcasts/${this.show.id}/health/` : null)
  }

  async #end(): Promise<void> {
    const isWanted = await this.renderRoot.querySelector('confirm-dialog')?.ask()
    if (!isWanted || !this.show) return
    this.isEnding = true
    try {
      await send('POST', `/api/broadcasts/${this.show.id}/end/`, {})
      await toast(msg('The show has ended. Its recording is ready.'))
      this.dispatchEvent(new Event('ended'))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      await toast(errorText(error), 'danger')
    } finally {
      this.isEnding = false
    }
  }

  #fact(name: string, value: string, isGood = true) {
    return html`<div><dt>${name}</dt><dd class=${isGood ? '' : 'bad'}>${value}</dd></div>`
  }

  #facts(health: BroadcastHealthJson) {
    const latency = this.renderRoot.querySelector('live-player')?.latency ?? null
    return html`<dl class="facts">
      ${this.#fact(msg('Bitrate'), bitrateText(health.bitrate_bps), health.bitrate_bps > 0)}
      ${this.#fact(msg('Picture'), health.height ? `${health.width} × ${health.height}` : msg('none'), health.height !== null)}
      ${this.#fact(msg('Frame rate'), msg(str`${decimalText(health.frame_rate)} /s`))}
      ${this.#fact(msg('Keyframe interval'), keyframeText(health.keyframe_interval_seconds), isKeyframeIntervalGood(health.keyframe_interval_seconds))}
      ${this.#fact(msg('Dropped frames'), String(health.dropped_frames), health.dropped_frames === 0)}
      ${this.#fact(msg('Delay to viewers'), latency === null ? '…' : msg(str`${decimalText(latency)} s`))}
      ${this.#fact(msg('Encoding speed'), health.speed === null ? '…' : `${decimalText(health.speed, 2)}×`, (health.speed ?? 1) >= 0.98)}
      ${this.#fact(msg('Viewers'), String(health.viewers))}
    </dl>`
  }

  #ladder(health: BroadcastHealthJson) {
    if (health.ladder.length === 0) return nothing
    return html`<h3>${msg('Qualities')}</h3>
      <table>
        <thead><tr><th>${msg('Name')}</th><th>${msg('Picture')}</th><th>${msg('Bitrate')}</th><th></th></tr></thead>
        <tbody>
          ${health.ladder.map(
            (rung) => html`<tr class=${rung.is_shed ? 'shed' : ''}>
              <td>${rung.name}</td>
              <td>${rung.height ? `${rung.width} × ${rung.height}` : msg('sound only')}</td>
              <td>${bitrateText(rung.bitrate_bps)}</td>
              <td>${rung.is_shed ? msg('taken away') : rung.is_copied ? msg('as you send it') : msg('encoded here')}</td>
            </tr>`,
          )}
        </tbody>
      </table>`
  }

  #healthView(health: BroadcastHealthJson | null) {
    if (!health) {
      return html`<p class="soft">${this.#health.error ? errorText(this.#health.error) : msg('Waiting for the first figures…')}</p>`
    }
    return html`
      <p role="status" class="status soft">${statusText(health.status)}${health.encoder ? html` · ${health.encoder}` : nothing}</p>
      ${this.#facts(health)}
      <ul class="advice" aria-live="polite">
        ${health.warnings.map((warning) => {
          const { problem, cure } = adviceFor(warning)
          return html`<li>${icon('alert')}<div><strong>${problem}</strong>${cure}</div></li>`
        })}
      </ul>
    `
  }

  protected override render() {
    const { show } = this
    if (!show) return nothing
    const health = this.#health.value?.health ?? null
    return html`<section class="panel" aria-labelledby="live">
      <div class="top">
        <span class="live-badge">${msg('Live')}</span>
        <h2 id="live">${show.title}</h2>
        <span class="soft">${viewersText(show.viewers)}</span>
        <wa-button variant="danger" size="s" ?loading=${this.isEnding} @click=${this.#end}>${msg('End the show')}</wa-button>
      </div>
      <div class="two">
        <div>
          <live-player muted .src=${show.playback_url ?? ''} .broadcast=${show.id} .startedAt=${show.started_at ?? ''}></live-player>
          ${health ? this.#ladder(health) : nothing}
        </div>
        <div>${this.#healthView(health)}</div>
      </div>
      <confirm-dialog heading=${msg('End the show?')} action=${msg('End the show')}>
        <p>${msg('Your encoder is cut off and viewers see that the show is over. The recording is ready within seconds. Streaming again starts a new show.')}</p>
      </confirm-dialog>
    </section>`
  }
}
customElements.define('live-panel', LivePanel)

declare global {
  interface HTMLElementTagNameMap {
    'live-panel': LivePanel
  }
}
