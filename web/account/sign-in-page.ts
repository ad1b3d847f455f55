import { html, LitElement } from 'lit'

export class SignInPage extends LitElement {
  protected override render() {
    return html``
  }
}
customElements.define('sign-in-page', SignInPage)
