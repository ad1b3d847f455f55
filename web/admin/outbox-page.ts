import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { Task } from '@lit/task'
import { css, html, LitElement, nothing } from 'lit'
import type { OutboxMailJson } from '../../server/mail/contract.ts'
import { ApiError, get, type Page } from '../api.ts'
import { dateText } from '../ui/format.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'

/** Mails that were written down because no mail server is set; for admins who try the platform out. */
export class OutboxPage extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .lead { margin: 8px 0 24px; max-width: 44em }
      .mails { display: grid; gap: 14px }
      details { padding: 16px 20px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      summary { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 2px 16px; cursor: pointer; list-style: none }
      summary strong, summary span { overflow-wrap: anywhere }
      pre { margin: 16px 0 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere }
      @media (max-width: 600px) { summary { grid-template-columns: minmax(0, 1fr) } details { padding: 14px 16px } }
      .pages { display: flex; gap: 12px; margin-top: 24px }
    `,
  ]
  static override properties = { page: { state: true } }

  declare page: number
  readonly #task = new Task(this, {
    task: ([page], { signal }) => get<Page<OutboxMailJson>>(`/api/admin/outbox/?page=${page}`, signal),
    args: () => [this.page] as const,
  })

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.page = 1
  }

  #mail({ to, subject, text, created_at }: OutboxMailJson) {
    return html`<li><details>
      <summary><strong>${subject}</strong><span class="soft small">${dateText(created_at)}</span><span class="soft">${to}</span></summary>
      <pre>${withLinks(text)}</pre>
    </details></li>`
  }

  #list({ results, next, previous }: Page<OutboxMailJson>) {
    if (results.length === 0) return html`<p class="soft">${msg('Nothing has been written here yet.')}</p>`
    const turn = (by: number, label: string) =>
      html`<button class="button quiet" @click=${() => {
        this.page += by
      }}>${label}</button>`
    return html`<ul class="mails">${results.map((mail) => this.#mail(mail))}</ul>
      <div class="pages">${previous ? turn(-1, msg('Newer')) : nothing}${next ? turn(1, msg('Older')) : nothing}</div>`
  }

  protected override render() {
    document.title = `${msg('Outbox')} · Ustat`
    return html`<h1>${msg('Outbox')}</h1>
      <p class="soft lead">${msg('Without SMTP_URL mails are not sent but kept here. Their links work.')}</p>
      ${this.#task.render({
        complete: (page) => this.#list(page),
        error: (error) =>
          html`<notice-box .error=${error instanceof ApiError ? error : null} retries @retry=${() => this.#task.run()}></notice-box>`,
      })}`
  }
}
customElements.define('outbox-page', OutboxPage)

function withLinks(text: string) {
  return text
    .split(/(https?:\/\/\S+)/)
    .map((part) => (/^https?:/.test(part) ? html`<a href=${part}>${part}</a>` : part))
}

declare global {
  interface HTMLElementTagNameMap {
    'outbox-page': OutboxPage
  }
}
