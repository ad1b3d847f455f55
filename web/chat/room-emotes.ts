import { msg, str } from '@lit/localize'
import { html } from 'lit'
import type { EmoteJson } from '../../server/chat/contract.ts'
import { get, send } from '../api.ts'
import { askFirst } from './ask-first.ts'
import { pathOf, putEmote } from './room-api.ts'
import { SettingsSection } from './settings-section.ts'

/** A room's own little pictures. */
export class RoomEmotes extends SettingsSection<EmoteJson> {
  protected override get nothingHere(): string {
    return msg('No emotes yet.')
  }

  protected override fetch(): Promise<readonly EmoteJson[]> {
    return get<EmoteJson[]>(pathOf(this.chat.room, 'emotes/'))
  }

  readonly #onSubmit = async (event: Event): Promise<void> => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const fields = new FormData(form)
    const name = String(fields.get('name') ?? '')
    const picture = fields.get('picture')
    if (!(picture instanceof File)) return
    const isDone = await this.change(
      () => putEmote(this.chat.room, name, picture),
      msg(str`:${name}: can be written now.`),
    )
    if (isDone) form.reset()
  }

  async #remove(name: string): Promise<void> {
    const isWanted = await askFirst({
      heading: msg(str`Remove :${name}:?`),
      text: msg('Where it was written, its name stands instead.'),
      action: msg('Remove'),
    })
    if (!isWanted) return
    await this.change(() => send('DELETE', pathOf(this.chat.room, `emotes/${name}/`)), msg(str`:${name}: is removed.`))
  }

  protected override item({ name, url }: EmoteJson) {
    return html`<li>
      <img src=${url} alt="" />
      <div>:${name}:</div>
      <button type="button" class="button quiet" ?disabled=${this.isBusy} aria-label=${msg(str`Remove :${name}:`)} @click=${() => void this.#remove(name)}>${msg('Remove')}</button>
    </li>`
  }

  protected override form() {
    return html`<form @submit=${this.#onSubmit}>
      <label>${msg('Name, in small Latin letters')}<input name="name" pattern="[a-z0-9_]{2,24}" maxlength="24" required autocomplete="off" /></label>
      <label>${msg('Picture')}<input name="picture" type="file" accept="image/png,image/jpeg,image/webp,image/gif" required /></label>
      <button class="button" ?disabled=${this.isBusy}>${msg('Add')}</button>
    </form>`
  }
}
customElements.define('room-emotes', RoomEmotes)

declare global {
  interface HTMLElementTagNameMap {
    'room-emotes': RoomEmotes
  }
}
