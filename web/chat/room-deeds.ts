import { msg, str } from '@lit/localize'
import { html } from 'lit'
import type { DeedJson } from '../../server/chat/contract.ts'
import { get, type Page } from '../api.ts'
import { serverClock } from '../server-clock.ts'
import { dateText, relativeText } from '../ui/format.ts'
import { pathOf } from './room-api.ts'
import { SettingsSection } from './settings-section.ts'

/** What moderators did in a room, the latest first. */
export class RoomDeeds extends SettingsSection<DeedJson> {
  protected override get nothingHere(): string {
    return msg('Nothing has been done yet.')
  }

  protected override async fetch(): Promise<readonly DeedJson[]> {
    return (await get<Page<DeedJson>>(pathOf(this.chat.room, 'audit/?page_size=50'))).results
  }

  protected override item({ actor, action, created_at }: DeedJson) {
    const name = actor?.display_name ?? msg('Somebody')
    return html`<li>
      <div>
        ${deedText(action, name)}
        <div class="small soft"><time datetime=${created_at} title=${dateText(created_at)}>${relativeText(created_at, serverClock.now())}</time></div>
      </div>
    </li>`
  }
}
customElements.define('room-deeds', RoomDeeds)

function deedText(action: string, name: string): string {
  const texts: Record<string, string> = {
    'chat.del': msg(str`${name} deleted a message`),
    'chat.purge': msg(str`${name} deleted all messages of a person`),
    'chat.timeout': msg(str`${name} silenced a person for a while`),
    'chat.ban': msg(str`${name} banned a person`),
    'chat.unban': msg(str`${name} let a person write again`),
    'chat.pin': msg(str`${name} pinned a message`),
    'chat.unpin': msg(str`${name} took the pinned message away`),
    'chat.slow': msg(str`${name} changed slow mode`),
    'chat.mode': msg(str`${name} changed who may write`),
    'chat.freeze': msg(str`${name} closed or opened the chat`),
    'chat.notices': msg(str`${name} changed who may send notices`),
    'chat.appoint': msg(str`${name} made a person a moderator`),
    'chat.dismiss': msg(str`${name} took a moderator’s rights away`),
    'chat.terms': msg(str`${name} changed the blocked words`),
    'chat.emote': msg(str`${name} added an emote`),
    'chat.emote_delete': msg(str`${name} removed an emote`),
  }
  return texts[action] ?? `${name}: ${action}`
}

declare global {
  interface HTMLElementTagNameMap {
    'room-deeds': RoomDeeds
  }
}
