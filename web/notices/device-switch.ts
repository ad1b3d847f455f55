import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { html, LitElement, nothing } from 'lit'
import { base, buttons } from '../ui/styles.ts'
import { DeviceController, device } from './device.ts'
import { switchRow } from './switch-row.ts'

/** Whether this browser is told while no page is open, and what to do when it cannot be. Nothing where there are no pushes. */
export class DeviceSwitch extends LitElement {
  static override styles = [base, buttons, switchRow]

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    new DeviceController(this)
  }

  #row(words: string, button: string | null, onClick: () => void) {
    return html`<div class="row">
      <p class="small soft words" role="status">${words}</p>
      ${button === null ? nothing : html`<button class="button quiet" ?disabled=${device.isBusy} @click=${onClick}>${button}</button>`}
    </div>`
  }

  protected override render() {
    const enable = () => void device.enable()
    switch (device.state) {
      case 'unknown':
      case 'off':
        return nothing
      case 'unsupported':
        return this.#row(
          msg('This browser shows no notices of closed pages. On an iPhone, add Ustat to the home screen first.'),
          null,
          enable,
        )
      case 'denied':
        return this.#row(
          msg(
            'This browser blocks notices of this site. Allow them in the site’s settings, by the sign beside its address, and load the page again.',
          ),
          null,
          enable,
        )
      case 'failed':
        return this.#row(
          msg('This browser could not reach its notice service. Try again later.'),
          msg('Try again'),
          enable,
        )
      case 'silent':
        return this.#row(msg('Be told on this device, too, when Ustat is closed.'), msg('Turn on'), enable)
      case 'on':
        return this.#row(
          msg('This device is told, too, when Ustat is closed.'),
          msg('Turn off'),
          () => void device.disable(),
        )
    }
  }
}
customElements.define('device-switch', DeviceSwitch)

declare global {
  interface HTMLElementTagNameMap {
    'device-switch': DeviceSwitch
  }
}
