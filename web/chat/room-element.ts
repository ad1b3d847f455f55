import { updateWhenLocaleChanges } from '@lit/localize'
import { LitElement } from 'lit'
import type { ChatRoom } from './chat-room.ts'

/** A part of the chat's panel: rendered anew when something in its room changes. */
export abstract class RoomElement extends LitElement {
  static override properties = { chat: { attribute: false } }

  declare chat: ChatRoom

  constructor() {
    super()
    updateWhenLocaleChanges(this)
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.chat.attach(this)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.chat.detach(this)
  }
}
