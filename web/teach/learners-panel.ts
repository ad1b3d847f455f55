import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import type { StudentJson } from '../../server/courses/enrollment-contract.ts'
import { type ApiError, get, type Page, send } from '../api.ts'
import { serverClock } from '../server-clock.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/confirm-dialog.ts'
import { relativeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { toolButtons } from './teach-styles.ts'

const PAGE_SIZE = 50

/** Who learns in a course, how far they are, and the way in and out by hand. */
export class LearnersPanel extends LitElement {
  static override styles = [
    base,
    buttons,
    toolButtons,
    css`
      :host { display: grid; gap: 18px; max-width: 860px }
      form { display: flex; flex-wrap: wrap; gap: 10px; align-items: end }
      wa-input { flex: 1 1 240px }
      li { display: grid; grid-template-columns: minmax(0, 1fr) 140px auto; align-items: center; gap: 4px 18px; min-height: 60px; padding: 8px 4px; border-bottom: 1px solid var(--line) }
      .name { overflow-wrap: anywhere; font-weight: 560 }
      .bar { height: 8px; border-radius: 4px; background: var(--sunken); overflow: hidden }
      .bar i { display: block; height: 100%; background: var(--accent) }
      .gone .name { text-decoration: line-through; color: var(--ink-soft) }
      @media (max-width: 560px) { li { grid-template-columns: minmax(0, 1fr) auto } .progress { grid-row: 2; grid-column: 1 / -1 } }
    `,
  ]
  static override properties = {
    course: { type: Number },
    learners: { state: true },
    count: { state: true },
    error: { state: true },
    isBusy: { state: true },
    asked: { state: true },
  }

  /** Its id. */
  declare course: number
  /** Null until they are known. */
  declare learners: StudentJson[] | null
  declare count: number
  declare error: ApiError | null
  declare isBusy: boolean
  declare asked: StudentJson | null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = 0
    this.learners = null
    this.count = 0
    this.error = null
    this.isBusy = false
    this.asked = null
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('course') && this.course) void attempt(this, () => this.#load(1))
  }

  async #load(number: number): Promise<void> {
    const page = await get<Page<StudentJson>>(
      `/api/courses/${this.course}/students/?page=${number}&page_size=${PAGE_SIZE}`,
    )
    this.learners = number === 1 ? page.results : [...(this.learners ?? []), ...page.results]
    this.count = page.count
  }

  readonly #onAdd = (event: SubmitEvent): void => {
    event.preventDefault()
    const form = event.target as HTMLFormElement
    const email = String(new FormData(form).get('email') ?? '')
    void attempt(this, async () => {
      const { user } = await send<StudentJson>('POST', `/api/courses/${this.course}/students/`, { email })
      form.reset()
      await this.#load(1)
      await toast(msg(str`${user.display_name} learns here now.`))
    })
  }

  async #remove(learner: StudentJson): Promise<void> {
    this.asked = learner
    await this.updateComplete
    if (!(await this.renderRoot.querySelector('confirm-dialog')?.ask())) return
    await attempt(this, async () => {
      await send('DELETE', `/api/courses/${this.course}/students/${learner.user.id}/`)
      await this.#load(1)
    })
  }

  #learner(learner: StudentJson) {
    const isIn = learner.status === 'active' || learner.status === 'completed'
    const words: Record<StudentJson['source'], string> = {
      free: msg('enrolled'),
      payment: msg('bought it'),
      manual: msg('added by hand'),
      promo: msg('with a promo code'),
    }
    return html`<li class=${isIn ? '' : 'gone'}>
      <div><p class="name">${learner.user.display_name}</p>
        <p class="soft small">${isIn ? words[learner.source] : msg('is out again')} · ${relativeText(learner.enrolled_at, serverClock.now())}</p></div>
      <div class="progress"><div class="bar" role="progressbar" aria-label=${msg('Progress')} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${learner.progress_percent}><i style="width: ${learner.progress_percent}%"></i></div>
        <p class="soft small">${learner.progress_percent}%</p></div>
      ${isIn && learner.source !== 'payment' ? html`<button class="tool bad" aria-label=${msg(str`Take ${learner.user.display_name} out`)} @click=${() => this.#remove(learner)}>${icon('xmark', 18)}</button>` : html`<span></span>`}
    </li>`
  }

  protected override render() {
    const { learners } = this
    return html`
      <form @submit=${this.#onAdd}>
        <wa-input name="email" type="email" label=${msg('Add a learner by e-mail')} placeholder=${msg('of somebody who has an account here')} maxlength="254" required></wa-input>
        <wa-button type="submit" appearance="outlined" ?loading=${this.isBusy}>${msg('Add')}</wa-button>
      </form>
      ${this.error ? html`<notice-box .error=${this.error} retries @retry=${() => attempt(this, () => this.#load(1))}></notice-box>` : nothing}
      ${learners?.length === 0 ? html`<p class="soft">${msg('Nobody learns here yet.')}</p>` : nothing}
      <ul>${learners?.map((learner) => this.#learner(learner))}</ul>
      ${learners && learners.length < this.count ? html`<button class="button quiet" @click=${() => attempt(this, () => this.#load(Math.floor(learners.length / PAGE_SIZE) + 1))}>${msg('Show more')}</button>` : nothing}
      <confirm-dialog heading=${msg(str`Take ${this.asked?.user.display_name ?? ''} out of the course?`)} action=${msg('Take out')}>
        <p>${msg('Lessons and chat close for them at once. Their progress is kept.')}</p>
      </confirm-dialog>
    `
  }
}
customElements.define('learners-panel', LearnersPanel)

declare global {
  interface HTMLElementTagNameMap {
    'learners-panel': LearnersPanel
  }
}
