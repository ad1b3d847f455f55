import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { Task } from '@lit/task'
import { css, html, LitElement } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/icon/icon.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import type { StreamKeyJson } from '../../server/channels/contract.ts'
import { ApiError, get, send } from '../api.ts'
import '../ui/confirm-dialog.ts'
import '../ui/notice-box.ts'
import { errorText } from '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { panel } from './panel-styles.ts'

const PATH = '/api/channels/me/stream-key/'

/** Server and key for the encoder. The key stays covered until it is asked for: a screen may be on air. */
export class StreamKeyPanel extends LitElement {
  static override styles = [
    base,
    panel,
    css`
      .fields { display: grid; gap: 18px }
      .row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 10px; align-items: end }
      .key { grid-template-columns: minmax(0, 1fr) auto auto }
      wa-input::part(input) { font-family: var(--mono); font-size: 0.9375rem }
      .foot { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 12px }
      .foot p { flex: 1; min-width: 16em }
      .bone { height: 150px; border-radius: var(--radius); background: var(--sunken) }
      @media (max-width: 430px) { .row { grid-template-columns: minmax(0, 1fr) } }
      @media (max-width: 560px) { .key { grid-template-columns: minmax(0, 1fr) auto } .key wa-input { grid-column: 1 / -1 } }
    `,
  ]
  static override properties = { isRevealed: { state: true }, isRotating: { state: true }, rotated: { state: true } }

  declare isRevealed: boolean
  declare isRotating: boolean
  /** After a rotation in this visit. */
  declare rotated: StreamKeyJson | null
  readonly #task = new Task(this, {
    task: (_args, { signal }) => get<StreamKeyJson>(PATH, signal),
    args: () => [],
  })

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.isRevealed = false
    this.isRotating = false
    this.rotated = null
  }

  async #copy(text: string, done: string): Promise<void> {
    try {
      await navigator.clipboard.writeText(text)
      await toast(done)
    } catch {
      // No clipboard without https (localhost aside), or it was refused.
      this.isRevealed = true
      await toast(msg('Copying is not allowed here. Select the text and copy it yourself.'), 'danger')
    }
  }

  async #rotate(): Promise<void> {
    const isWanted = await this.renderRoot.querySelector('confirm-dialog')?.ask()
    if (!isWanted) return
    this.isRotating = true
    try {
      this.rotated = await send<StreamKeyJson>('POST', PATH, {})
      await toast(msg('There is a new key. Paste it into OBS before the next show.'))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      await toast(errorText(error), 'danger')
    } finally {
      this.isRotating = false
    }
  }

  #fields({ rtmp_url: server, stream_key: key }: StreamKeyJson) {
    return html`<div class="fields">
      <div class="row">
        <wa-input label=${msg('Server')} readonly .value=${server}></wa-input>
        <wa-button appearance="outlined" @click=${() => this.#copy(server, msg('Server address copied.'))}>${msg('Copy')}</wa-button>
      </div>
      <div class="row key">
        <wa-input
          label=${msg('Stream key')}
          readonly
          type=${this.isRevealed ? 'text' : 'password'}
          autocomplete="off"
          .value=${key}
        ></wa-input>
        <wa-button
          appearance="outlined"
          aria-pressed=${this.isRevealed}
          @click=${() => {
            this.isRevealed = !this.isRevealed
          }}
          >${this.isRevealed ? msg('Hide') : msg('Reveal')}</wa-button
        >
        <wa-button variant="brand" @click=${() => this.#copy(key, msg('Stream key copied.'))}>${msg('Copy')}</wa-button>
      </div>
      <div class="foot">
        <p class="soft small">${msg('Whoever has the key can stream on your channel. Never show it on screen.')}</p>
        <wa-button appearance="plain" size="s" ?loading=${this.isRotating} @click=${this.#rotate}>${msg('Make a new key')}</wa-button>
      </div>
    </div>`
  }

  protected override render() {
    return html`<section class="panel" aria-labelledby="key">
      <h2 id="key">${msg('Your address and key')}</h2>
      <p class="lead">${msg('These two go into OBS once. They stay the same from show to show.')}</p>
      ${this.#task.render({
        pending: () => html`<div class="bone"></div>`,
        complete: (fields) => this.#fields(this.rotated ?? fields),
        error: (error) =>
          html`<notice-box .error=${error instanceof ApiError ? error : null} retries @retry=${() => this.#task.run()}></notice-box>`,
      })}
      <confirm-dialog heading=${msg('Make a new stream key?')} action=${msg('Make a new key')}>
        <p>${msg('The old key is refused from this moment, and a show that runs with it is cut off at once. You will have to paste the new key into OBS.')}</p>
      </confirm-dialog>
    </section>`
  }
}
customElements.define('stream-key-panel', StreamKeyPanel)

declare global {
  interface HTMLElementTagNameMap {
    'stream-key-panel': StreamKeyPanel
  }
}
