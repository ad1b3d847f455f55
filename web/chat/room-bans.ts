import { msg, str } from '@lit/localize'
import { html } from 'lit'
import type { BanJson } from '../../server/chat/contract.ts'
import { get, type Page, send } from '../api.ts'
import { dateText } from '../ui/format.ts'
import { pathOf } from './room-api.ts'
import { SettingsSection } from './settings-section.ts'

/** Who may not write in a room, and until when. */
export class RoomBans extends SettingsSection<BanJson> {
  protected override get nothingHere(): string {
    return msg('Nobody is silenced here.')
  }

  protected override async fetch(): Promise<readonly BanJson[]> {
    return (await get<Page<BanJson>>(pathOf(this.chat.room, 'bans/?page_size=100'))).results
  }

  protected override item({ user, until, by, reason }: BanJson) {
    const name = user.display_name
    const lift = () =>
      this.change(() => send('DELETE', pathOf(this.chat.room, `bans/${user.id}/`)), msg(str`${name} may write again.`))
    return html`<li>
      <div>
        <strong>${name}</strong>
        <div class="small soft">
          ${until ? msg(str`until ${dateText(until)}`) : msg('for good')}${by ? ` · ${msg(str`by ${by.display_name}`)}` : ''}${reason ? ` · ${reason}` : ''}
        </div>
      </div>
      <button type="button" class="button quiet" ?disabled=${this.isBusy} aria-label=${msg(str`Let ${name} write again`)} @click=${lift}>${msg('Lift')}</button>
    </li>`
  }
}
customElements.define('room-bans', RoomBans)

declare global {
  interface HTMLElementTagNameMap {
    'room-bans': RoomBans
  }
}
