import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { ApiError, send } from '../api.ts'
import { attempt } from './attempt.ts'
import './confirm-dialog.ts'
import './notice-box.ts'
import { picture } from './picture.ts'
import { base, buttons } from './styles.ts'
import { toast } from './toast.ts'

const MAX_BYTES = 8_000_000

/**
 * Shows a picture and sends another in its place at once.
 *
 * @slot - What is shown without one.
 * @fires changed
 */
export class PictureField extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .all { display: flex; flex-wrap: wrap; gap: 16px; align-items: center }
      .shown { position: relative; flex: none; width: 224px; aspect-ratio: 16 / 9; border-radius: 12px; overflow: hidden; display: grid; place-items: center; background: var(--sunken); color: var(--ink-soft) }
      .shown.round { width: 96px; aspect-ratio: 1; border-radius: 50%; background: var(--accent-tint); color: var(--accent); font-size: 2.5rem; font-weight: 700; line-height: 1 }
      .shown img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; background: var(--surface) }
      .buttons { display: flex; flex-wrap: wrap; gap: 10px }
      .pick { position: relative; cursor: pointer }
      .pick input { position: absolute; opacity: 0; inset: 0; cursor: pointer }
      .pick:has(:focus-visible) { outline: 3px solid var(--accent); outline-offset: 2px }
      .pick:has(:disabled) { opacity: 0.5 }
      notice-box { margin-bottom: 12px }
    `,
  ]
  static override properties = {
    path: {},
    url: {},
    label: {},
    hint: {},
    isRound: { type: Boolean, attribute: 'round' },
    isRemovable: { type: Boolean, attribute: 'removable' },
    error: { state: true },
    isBusy: { state: true },
  }

  /** Where it is sent with PUT, and taken away with DELETE. */
  declare path: string
  declare url: string | null
  /** Whose it is, for those who do not see it. */
  declare label: string
  declare hint: string
  declare isRound: boolean
  declare isRemovable: boolean
  declare error: ApiError | null
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.path = ''
    this.url = null
    this.label = ''
    this.hint = ''
    this.isRound = false
    this.isRemovable = false
    this.error = null
    this.isBusy = false
  }

  async #do(act: () => Promise<unknown>, done: string): Promise<void> {
    await attempt(this, async () => {
      await act()
      this.dispatchEvent(new Event('changed'))
      await toast(done)
    })
  }

  readonly #onFile = (event: Event): void => {
    const field = event.target as HTMLInputElement
    const file = field.files?.[0]
    field.value = ''
    if (!file) return
    void this.#do(() => {
      if (file.size > MAX_BYTES) throw new ApiError(msg('The picture may have 8 MB at most.'), 413, 'too_large')
      return send('PUT', this.path, file)
    }, msg('The picture is there.'))
  }

  readonly #onRemove = async (): Promise<void> => {
    if (!(await this.renderRoot.querySelector('confirm-dialog')?.ask())) return
    await this.#do(() => send('DELETE', this.path), msg('The picture is gone.'))
  }

  #removal() {
    return html`<button type="button" class="button quiet" ?disabled=${this.isBusy} @click=${this.#onRemove}>${msg('Remove')}</button>
      <confirm-dialog heading=${msg('Remove the picture?')} action=${msg('Remove')}>${msg('It is deleted for good. You can add another at any time.')}</confirm-dialog>`
  }

  protected override render() {
    const { url, isRound } = this
    const size = isRound ? { sizes: '96px', width: 96, height: 96 } : { sizes: '224px', width: 224, height: 126 }
    return html`${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      <div class="all">
        <div class="shown ${isRound ? 'round' : ''}"><slot></slot>${url ? picture(url, { ...size, alt: this.label }) : nothing}</div>
        <div class="buttons">
          <label class="button quiet pick">${url ? msg('Another picture') : msg('Add a picture')}<input type="file" accept="image/jpeg,image/png,image/webp,image/gif" ?disabled=${this.isBusy} @change=${this.#onFile} /></label>
          ${url && this.isRemovable ? this.#removal() : nothing}
        </div>
        ${this.hint ? html`<p class="soft small">${this.hint}</p>` : nothing}
      </div>`
  }
}
customElements.define('picture-field', PictureField)

declare global {
  interface HTMLElementTagNameMap {
    'picture-field': PictureField
  }
}
