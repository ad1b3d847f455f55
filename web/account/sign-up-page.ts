import { html, LitElement } from 'lit'

export class SignUpPage extends LitElement {
  protected override render() {
    return html``
  }
}
customElements.define('sign-up-page', SignUpPage)
