import { html, LitElement } from 'lit'

export class RecordingPage extends LitElement {
  protected override render() {
    return html``
  }
}
customElements.define('recording-page', RecordingPage)
