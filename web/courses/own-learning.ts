import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { EnrollmentJson } from '../../server/courses/enrollment-contract.ts'
import { get, type Page } from '../api.ts'
import { Session } from '../session.ts'
import { icon } from '../ui/icons.ts'
import { base } from '../ui/styles.ts'

const MOST = 4

/** The courses that the viewer is in the middle of, each with the way on; nothing for everybody else. */
export class OwnLearning extends LitElement {
  static override styles = [
    base,
    css`
      section { margin-bottom: 28px }
      h2 { margin-bottom: 12px }
      ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 280px), 1fr)); gap: 12px }
      a { display: grid; grid-template-columns: minmax(0, 1fr) auto; align-items: center; gap: 8px 14px; height: 100%; padding: 14px 18px; border-radius: var(--radius); background: var(--accent-tint); color: var(--ink); text-decoration: none }
      a:hover { color: var(--accent) }
      strong { overflow-wrap: anywhere; line-height: 1.3 }
      svg { color: var(--accent) }
      .bar { grid-column: 1 / -1; height: 6px; border-radius: 3px; background: var(--surface); overflow: hidden }
      .bar i { display: block; height: 100%; background: var(--accent) }
    `,
  ]
  static override properties = { enrollments: { state: true } }

  declare enrollments: EnrollmentJson[]
  readonly #session = new Session(this)
  #viewer: number | null | undefined

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.enrollments = []
  }

  protected override willUpdate(): void {
    const viewer = this.#session.viewer === undefined ? undefined : (this.#session.viewer?.id ?? null)
    if (viewer === undefined || viewer === this.#viewer) return
    this.#viewer = viewer
    this.enrollments = []
    if (viewer !== null) void this.#load(viewer)
  }

  async #load(viewer: number): Promise<void> {
    // The catalogue is whole without it.
    const page = await get<Page<EnrollmentJson>>(`/api/enrollments/?status=active&page_size=${MOST}`).catch(() => null)
    if (page && viewer === this.#viewer) this.enrollments = page.results
  }

  protected override render() {
    if (this.enrollments.length === 0) return nothing
    return html`<section aria-labelledby="own">
      <h2 id="own">${msg('Continue learning')}</h2>
      <ul>${this.enrollments.map(
        ({ course, progress_percent: percent, last_lesson }) => html`<li>
          <a href="/learn/${course.slug}${last_lesson ? `/${last_lesson}` : ''}">
            <strong>${course.title}</strong>${icon('play')}
            <span class="bar" aria-hidden="true"><i style="width: ${percent}%"></i></span>
            <span class="visually-hidden">${msg(str`${percent}% done`)}</span>
          </a>
        </li>`,
      )}</ul>
    </section>`
  }
}
customElements.define('own-learning', OwnLearning)

declare global {
  interface HTMLElementTagNameMap {
    'own-learning': OwnLearning
  }
}
