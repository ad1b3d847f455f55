import { msg } from '@lit/localize'
import { css, html, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/dialog/dialog.js'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { MODERATOR } from './chat-ranks.ts'
import { RoomElement } from './room-element.ts'

const MAX_LETTERS = 300

/** A word to everybody who is here now, shown at the edge of their screens for a few seconds. */
export class NoticeForm extends RoomElement {
  static override styles = [
    base,
    buttons,
    css`
      wa-dialog { --width: min(480px, calc(100vw - 24px)) }
      form { display: grid; gap: 14px }
      label { display: grid; gap: 4px; font-size: 0.92rem; font-weight: 600 }
      label.check { display: flex; align-items: center; gap: 10px; min-height: 44px }
      textarea, select { padding: 10px 14px; border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink); font: inherit; font-size: 16px; font-weight: 400 }
      textarea { min-height: 96px; resize: vertical }
      select { min-height: 44px }
      input { width: 22px; height: 22px; accent-color: var(--accent) }
      .button { justify-self: end }
    `,
  ]
  static override properties = { ...RoomElement.properties, isOpen: { state: true }, refusal: { state: true } }

  declare isOpen: boolean
  /** What went wrong, in words. */
  declare refusal: string
  #returnTo: HTMLElement | null = null

  constructor() {
    super()
    this.isOpen = false
    this.refusal = ''
  }

  /** @param returnTo gets the focus back */
  open(returnTo: HTMLElement): void {
    this.#returnTo = returnTo
    this.refusal = ''
    this.isOpen = true
  }

  readonly #onHide = (event: Event): void => {
    if (event.target !== event.currentTarget) return
    this.isOpen = false
    this.#returnTo?.focus()
  }

  readonly #onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    const isForSite = fields.get('site') === 'on'
    const answer = await this.chat.ask({
      t: 'notify',
      level: fields.get('level'),
      text: fields.get('text'),
      ...(isForSite ? { room: undefined, site: true } : {}),
    })
    if (answer?.t === 'ack') {
      this.isOpen = false
      this.#returnTo?.focus()
      void toast(msg('Everybody who is here sees it now.'))
    } else if (answer?.t === 'err' && answer.code === 'rate_limited') {
      this.refusal = msg('Only one in half a minute. Wait a little, then send it again.')
    } else if (answer?.t === 'err' && answer.code === 'forbidden') {
      this.refusal = msg('You may not send notices here.')
    } else this.refusal = msg('It did not go out. Try again.')
  }

  protected override render() {
    const { chat } = this
    return html`<wa-dialog label=${msg('Notice to everybody here')} ?open=${this.isOpen} @wa-hide=${this.#onHide}>
      <form @submit=${this.#onSubmit}>
        <label>${msg('What they should know')}<textarea name="text" maxlength=${MAX_LETTERS} required autofocus></textarea></label>
        <label>${msg('How it looks')}
          <select name="level">
            <option value="info">${msg('Information')}</option>
            <option value="success">${msg('Good news')}</option>
            <option value="warning">${msg('Warning')}</option>
          </select>
        </label>
        ${
          chat.room === 'lobby' && chat.rank >= MODERATOR
            ? html`<label class="check"><input type="checkbox" name="site" />${msg('On every page of the site')}</label>`
            : nothing
        }
        ${this.refusal ? html`<p role="alert">${this.refusal}</p>` : nothing}
        <button class="button">${msg('Send to everybody')}</button>
      </form>
    </wa-dialog>`
  }
}
customElements.define('notice-form', NoticeForm)

declare global {
  interface HTMLElementTagNameMap {
    'notice-form': NoticeForm
  }
}
