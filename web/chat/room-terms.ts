import { msg, str } from '@lit/localize'
import { html } from 'lit'
import { get, send } from '../api.ts'
import { pathOf } from './room-api.ts'
import { SettingsSection } from './settings-section.ts'

/** Words that nobody but moderators may write in a room. */
export class RoomTerms extends SettingsSection<string> {
  protected override get nothingHere(): string {
    return msg('No words are blocked here.')
  }

  protected override fetch(): Promise<readonly string[]> {
    return get<string[]>(pathOf(this.chat.room, 'blocked-terms/'))
  }

  readonly #onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const term = String(new FormData(form).get('term') ?? '').trim()
    if (!term) return
    const isDone = await this.change(
      () => send('POST', pathOf(this.chat.room, 'blocked-terms/'), { term }),
      msg(str`“${term}” is blocked from now on.`),
    )
    if (isDone) form.reset()
  }

  protected override item(term: string) {
    const remove = () =>
      this.change(
        () => send('DELETE', pathOf(this.chat.room, `blocked-terms/${encodeURIComponent(term)}/`)),
        msg(str`“${term}” may be written again.`),
      )
    return html`<li>
      <div>${term}</div>
      <button type="button" class="button quiet" ?disabled=${this.isBusy} aria-label=${msg(str`Allow “${term}” again`)} @click=${remove}>${msg('Remove')}</button>
    </li>`
  }

  protected override form() {
    return html`<form @submit=${this.#onSubmit}>
      <label>${msg('Word or words in a row')}<input name="term" maxlength="50" required autocomplete="off" /></label>
      <button class="button" ?disabled=${this.isBusy}>${msg('Block')}</button>
    </form>`
  }
}
customElements.define('room-terms', RoomTerms)

declare global {
  interface HTMLElementTagNameMap {
    'room-terms': RoomTerms
  }
}
