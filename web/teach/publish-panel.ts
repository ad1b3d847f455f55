import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import type { CourseJson } from '../../server/courses/contract.ts'
import { ApiError, send } from '../api.ts'
import '../ui/confirm-dialog.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { courseStatusText, missingText } from './status-words.ts'
import { statusBadge } from './teach-styles.ts'

type Action = 'submit' | 'withdraw' | 'approve' | 'reject' | 'archive' | 'unarchive' | 'unpublish'

/**
 * Where a course stands, and the ways on from there: what it still needs is said by the API.
 *
 * @fires changed - It stands elsewhere now.
 */
export class PublishPanel extends LitElement {
  static override styles = [
    base,
    statusBadge,
    css`
      :host { padding: 16px 20px; border: 1px solid var(--line); border-radius: 18px; background: var(--surface) }
      .line { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 16px }
      .line p { flex: 1; min-width: 14em }
      .missing { margin-top: 14px; padding: 14px 18px; border-radius: var(--radius-small); background: var(--warn-tint); color: var(--warn-ink) }
      .missing ul { margin-top: 6px }
      .missing li { display: flex; gap: 8px; align-items: center; min-height: 30px }
      .comment { margin-top: 12px; padding: 12px 18px; border-radius: var(--radius-small); background: var(--bad-tint); color: var(--bad-ink); overflow-wrap: anywhere }
      textarea { width: 100%; min-height: 5em; margin-top: 10px; padding: 10px 14px; border: 1px solid var(--line); border-radius: var(--radius-small); background: var(--surface); color: var(--ink); font: inherit }
      notice-box { margin-top: 12px }
    `,
  ]
  static override properties = {
    course: { attribute: false },
    missing: { state: true },
    error: { state: true },
    isBusy: { state: true },
  }

  declare course: CourseJson | null
  declare missing: string[]
  declare error: ApiError | null
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.missing = []
    this.error = null
    this.isBusy = false
  }

  async #act(action: Action): Promise<void> {
    const { course } = this
    if (!course) return
    const dialog = this.renderRoot.querySelector<HTMLElementTagNameMap['confirm-dialog']>(`#${action}`)
    if (dialog && !(await dialog.ask())) return
    const comment = action === 'reject' ? (this.renderRoot.querySelector('textarea')?.value ?? '') : ''
    this.error = null
    this.missing = []
    this.isBusy = true
    try {
      await send('POST', `/api/courses/${course.id}/${action}/`, { comment })
      this.dispatchEvent(new Event('changed'))
      await toast(msg('Done.'))
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      const fields = Object.keys(error.fields)
      if (fields.length > 0 && action !== 'reject') this.missing = fields
      else this.error = error
    } finally {
      this.isBusy = false
    }
  }

  #words({ status, rights }: CourseJson): string {
    if (status === 'draft') return msg('Only those who teach it see this course.')
    if (status === 'review')
      return rights.includes('approve')
        ? msg('It waits for a look: publish it, or send it back.')
        : msg('It waits for somebody who may publish it. Lessons can still be changed once it is back or out.')
    if (status === 'published') return msg('Everybody finds it in the catalogue.')
    return msg('Its learners keep it, nobody new comes in.')
  }

  #buttons({ status, rights }: CourseJson) {
    const button = (action: Action, words: string, isMain = false) =>
      html`<wa-button variant=${isMain ? 'brand' : 'neutral'} appearance=${isMain ? 'accent' : 'outlined'} ?loading=${this.isBusy} @click=${() => this.#act(action)}>${words}</wa-button>`
    const may = (right: CourseJson['rights'][number]) => rights.includes(right)
    return html`
      ${status === 'draft' && may('submit') ? button('submit', msg('Send it to review'), true) : nothing}
      ${status === 'review' && may('approve') ? button('approve', msg('Publish'), true) : nothing}
      ${status === 'review' && may('approve') ? button('reject', msg('Send it back')) : nothing}
      ${status === 'review' && may('submit') ? button('withdraw', msg('Take it back')) : nothing}
      ${status === 'published' && may('retire') ? html`${button('archive', msg('Archive'))}${button('unpublish', msg('Make it a draft'))}` : nothing}
      ${status === 'archived' && may('approve') ? button('unarchive', msg('Publish again'), true) : nothing}
    `
  }

  protected override render() {
    const { course } = this
    if (!course) return nothing
    return html`
      <div class="line">
        <span class="status ${course.status}">${courseStatusText(course.status)}</span>
        <p>${this.#words(course)}</p>
        ${this.#buttons(course)}
      </div>
      ${course.review_comment ? html`<p class="comment">${msg(str`Sent back: ${course.review_comment}`)}</p>` : nothing}
      ${
        this.missing.length > 0
          ? html`<div class="missing" role="alert"><strong>${msg('Before others may see it, it needs:')}</strong>
              <ul>${this.missing.map((field) => html`<li>${icon('chevron-right', 16)}${missingText(field)}</li>`)}</ul></div>`
          : nothing
      }
      ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      <confirm-dialog id="archive" heading=${msg('Archive the course?')} action=${msg('Archive')}>
        <p>${msg('It leaves the catalogue. Learners keep it; nobody new can enroll or buy.')}</p>
      </confirm-dialog>
      <confirm-dialog id="unpublish" heading=${msg('Make it a draft again?')} action=${msg('Make it a draft')}>
        <p>${msg('It leaves the catalogue. This is possible as long as nobody is enrolled.')}</p>
      </confirm-dialog>
      <confirm-dialog id="reject" heading=${msg('Send the course back?')} action=${msg('Send it back')}>
        <p>${msg('What is to be changed? Its authors read this.')}</p>
        <textarea maxlength="2000" aria-label=${msg('What is to be changed')}></textarea>
      </confirm-dialog>
    `
  }
}
customElements.define('publish-panel', PublishPanel)

declare global {
  interface HTMLElementTagNameMap {
    'publish-panel': PublishPanel
  }
}
