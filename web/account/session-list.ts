import { msg, str } from '@lit/localize'
import { css, html, nothing } from 'lit'
import type { SessionJson } from '../../server/accounts/contract.ts'
import { get, send } from '../api.ts'
import { serverClock } from '../server-clock.ts'
import { attempt } from '../ui/attempt.ts'
import { relativeText } from '../ui/format.ts'
import { buttons } from '../ui/styles.ts'
import { AccountForm } from './account-form.ts'
import { deviceName } from './device-name.ts'

/** Where the account is signed in; each of the others can be ended from here. */
export class SessionList extends AccountForm {
  static override styles = [
    AccountForm.styles,
    buttons,
    css`
      li { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 8px 16px; padding: 12px 0; border-top: 1px solid var(--line) }
      li:first-child { border: 0 }
      strong { display: block; overflow-wrap: anywhere; font-weight: 620 }
      .button { min-height: 40px }
    `,
  ]
  static override properties = { ...AccountForm.properties, sessions: { state: true } }

  declare sessions: SessionJson[]

  constructor() {
    super()
    this.sessions = []
  }

  override connectedCallback(): void {
    super.connectedCallback()
    void this.load()
  }

  async load(): Promise<void> {
    await attempt(this, async () => {
      this.sessions = await get<SessionJson[]>('/api/auth/sessions/')
    })
  }

  async #end({ id }: SessionJson): Promise<void> {
    if (await attempt(this, () => send('DELETE', `/api/auth/sessions/${id}/`))) await this.load()
  }

  #row(session: SessionJson) {
    const { user_agent: agent, kind, address, is_current: isCurrent, last_seen_at: seenAt } = session
    const name = deviceName(agent) || (kind === 'browser' ? msg('A browser') : msg('A program'))
    return html`<li>
      <div>
        <strong>${name}</strong>
        <span class="soft small">${address}${address ? ' · ' : nothing}${isCurrent ? msg('this device') : relativeText(seenAt, serverClock.now())}</span>
      </div>
      ${isCurrent ? nothing : html`<button class="button quiet" ?disabled=${this.isBusy} aria-label=${msg(str`Sign out: ${name}`)} @click=${() => this.#end(session)}>${msg('Sign out')}</button>`}
    </li>`
  }

  protected override render() {
    return html`${this.problem()}<ul>${this.sessions.map((session) => this.#row(session))}</ul>`
  }
}
customElements.define('session-list', SessionList)

declare global {
  interface HTMLElementTagNameMap {
    'session-list': SessionList
  }
}
