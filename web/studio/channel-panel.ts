import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import '@awesome.me/webawesome/dist/components/textarea/textarea.js'
import type { ChannelJson, ChannelPatch } from '../../server/channels/contract.ts'
import { type ApiError, send } from '../api.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/notice-box.ts'
import '../ui/picture-field.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { panel } from './panel-styles.ts'

/**
 * Title, description and picture of the channel.
 *
 * @fires saved - The channel has changed.
 */
export class ChannelPanel extends LitElement {
  static override styles = [
    base,
    panel,
    css`form { display: grid; gap: 18px; margin-top: 14px } picture-field { margin: 14px 0 18px } wa-button { justify-self: start }`,
  ]
  static override properties = { channel: { attribute: false }, error: { state: true }, isBusy: { state: true } }

  declare channel: ChannelJson | null
  declare error: ApiError | null
  declare isBusy: boolean
  #filled = ''

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.channel = null
    this.error = null
    this.isBusy = false
  }

  async #onSubmit(event: SubmitEvent): Promise<void> {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    const patch: ChannelPatch = {
      title: String(fields.get('title') ?? ''),
      description: String(fields.get('description') ?? ''),
    }
    await attempt(this, async () => {
      await send('PATCH', '/api/channels/me/', patch)
      await toast(msg('Saved.'))
      this.dispatchEvent(new Event('saved'))
    })
  }

  protected override updated(): void {
    // Filled once a channel: an answer that arrives while somebody types must not undo it.
    const { channel } = this
    if (!channel || channel.slug === this.#filled) return
    this.#filled = channel.slug
    const title = this.renderRoot.querySelector('wa-input')
    const description = this.renderRoot.querySelector('wa-textarea')
    if (title) title.value = channel.title
    if (description) description.value = channel.description
  }

  protected override render() {
    return html`<section class="panel" aria-labelledby="channel">
      <h2 id="channel">${msg('Your channel')}</h2>
      <picture-field
        path="/api/channels/me/picture/"
        .url=${this.channel?.picture ?? null}
        label=${msg('Picture of the channel')}
        hint=${msg('Square, 512 × 512 or larger; JPEG, PNG or WebP.')}
        round
        removable
        @changed=${() => this.dispatchEvent(new Event('saved'))}
      >${[...(this.channel?.title ?? '')][0] ?? ''}</picture-field>
      <form @submit=${this.#onSubmit}>
        ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
        <wa-input name="title" label=${msg('Title')} maxlength="100" required></wa-input>
        <wa-textarea name="description" label=${msg('Description')} rows="4" maxlength="5000" resize="auto"></wa-textarea>
        <wa-button type="submit" variant="brand" ?loading=${this.isBusy}>${msg('Save')}</wa-button>
      </form>
    </section>`
  }
}
customElements.define('channel-panel', ChannelPanel)

declare global {
  interface HTMLElementTagNameMap {
    'channel-panel': ChannelPanel
  }
}
