import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { html, LitElement } from 'lit'
import { base, buttons } from '../ui/styles.ts'
import { isSoundOn, turnSound } from './sound.ts'
import { switchRow } from './switch-row.ts'

/** Whether notices and mentions are heard in this browser. */
export class SoundSwitch extends LitElement {
  static override styles = [base, buttons, switchRow]

  constructor() {
    super()
    updateWhenLocaleChanges(this)
  }

  #turn(isOn: boolean): void {
    turnSound(isOn)
    this.requestUpdate()
  }

  protected override render() {
    const isOn = isSoundOn()
    return html`<div class="row">
      <p class="small soft words" role="status">
        ${isOn ? msg('Notices, and messages that mention you, are heard.') : msg('Hear notices, and messages that mention you.')}
      </p>
      <button class="button quiet" @click=${() => this.#turn(!isOn)}>${isOn ? msg('Sound off') : msg('Sound on')}</button>
    </div>`
  }
}
customElements.define('sound-switch', SoundSwitch)

declare global {
  interface HTMLElementTagNameMap {
    'sound-switch': SoundSwitch
  }
}
