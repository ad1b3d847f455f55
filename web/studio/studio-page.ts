import { html, LitElement } from 'lit'

export class StudioPage extends LitElement {
  protected override render() {
    return html``
  }
}
customElements.define('studio-page', StudioPage)
