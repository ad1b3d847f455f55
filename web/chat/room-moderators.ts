import { msg, str } from '@lit/localize'
import { html } from 'lit'
import type { MemberJson } from '../../server/chat/contract.ts'
import { get, type Page, send } from '../api.ts'
import { pathOf } from './room-api.ts'
import { SettingsSection } from './settings-section.ts'

/** Who keeps order in a room for its owner, who alone sees this. */
export class RoomModerators extends SettingsSection<MemberJson> {
  protected override get nothingHere(): string {
    return msg(
      'No moderators yet. Open the menu of one of their messages, or of their name under “Who is here”, and make them one.',
    )
  }

  protected override async fetch(): Promise<readonly MemberJson[]> {
    return (await get<Page<MemberJson>>(pathOf(this.chat.room, 'members/?page_size=100'))).results
  }

  protected override item({ user }: MemberJson) {
    const name = user.display_name
    const dismiss = () =>
      this.change(
        () => send('DELETE', pathOf(this.chat.room, `members/${user.id}/`)),
        msg(str`${name} moderates no longer.`),
      )
    return html`<li>
      <div><strong>${name}</strong></div>
      <button type="button" class="button quiet" ?disabled=${this.isBusy} aria-label=${msg(str`${name}: moderator no longer`)} @click=${dismiss}>${msg('Remove')}</button>
    </li>`
  }
}
customElements.define('room-moderators', RoomModerators)

declare global {
  interface HTMLElementTagNameMap {
    'room-moderators': RoomModerators
  }
}
