import { RoomElement } from './room-element.ts'
/** Placeholder. */
export class ChatSettings extends RoomElement {
  async open(): Promise<void> {}
}
customElements.define('chat-settings', ChatSettings)
declare global {
  interface HTMLElementTagNameMap {
    'chat-settings': ChatSettings
  }
}
