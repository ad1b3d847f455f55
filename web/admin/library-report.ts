import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { RunJson, RunReport } from '../../server/library/contract.ts'
import { dateText, sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { base } from '../ui/styles.ts'
import { countText, runFailureText } from './library-words.ts'

type Validation = NonNullable<RunReport['validation']>
type Names = Validation['missing']

/** What a run over the library found. */
export class LibraryReport extends LitElement {
  static override styles = [
    base,
    css`
      .box { display: grid; gap: 10px; padding: 16px 20px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      .box.bad { border-color: transparent; background: var(--bad-tint); color: var(--bad-ink) }
      .verdict { display: flex; align-items: center; gap: 8px; font-weight: 640 }
      .verdict svg { flex: none }
      summary { cursor: pointer; min-height: 32px; align-content: center }
      li { padding: 3px 0; font-family: var(--mono); font-size: 0.8125rem; overflow-wrap: anywhere }
    `,
  ]
  static override properties = { run: { attribute: false } }

  declare run: RunJson | null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.run = null
  }

  #names(heading: string, { count, first }: Names) {
    if (count === 0) return nothing
    return html`<details>
      <summary>${heading}: ${countText(count)}</summary>
      <ul>${first.map((name) => html`<li>${name}</li>`)}${count > first.length ? html`<li>…</li>` : nothing}</ul>
    </details>`
  }

  #validation(found: Validation, isDeep: boolean) {
    const { files, right, unsent, missing, wrong_size, wrong_content, extra } = found
    const isWhole = right === files
    const words = isWhole
      ? isDeep
        ? msg('Every file is there, to the last byte.')
        : msg('Every file is there, in its size.')
      : msg(str`Right: ${countText(right)} of ${countText(files)} files.`)
    return html`<p class="verdict">${icon(isWhole ? 'check' : 'alert')}${words}</p>
      ${this.#names(msg('Never sent'), unsent)}
      ${this.#names(msg('Missing in the store'), missing)}
      ${this.#names(msg('Of another size'), wrong_size)}
      ${this.#names(msg('Of another content'), wrong_content)}
      ${isWhole ? nothing : html`<p class="small">${msg('fill-missing on the command line brings them back from their folder.')}</p>`}
      ${this.#names(msg('Of no file'), extra)}`
  }

  #found({ report, dry_run, deep }: RunJson) {
    if (report?.validation) return this.#validation(report.validation, deep)
    if (!report?.pruning) return nothing
    const { objects, bytes } = report.pruning
    const amount = `${countText(objects)}, ${sizeText(bytes)}`
    if (objects === 0)
      return html`<p class="verdict">${icon('check')}${msg('There is nothing that no file needs.')}</p>`
    return html`<p class="verdict">${icon(dry_run ? 'info' : 'check')}${dry_run ? msg(str`Objects that no file needs: ${amount}.`) : msg(str`Deleted objects: ${amount}.`)}</p>`
  }

  protected override render() {
    const { run } = this
    if (!run) return html`<p class="soft">${msg('Not done yet.')}</p>`
    const { validation } = run.report ?? {}
    const isBad = run.status === 'failed' || (validation ? validation.right < validation.files : false)
    return html`<div class="box ${isBad ? 'bad' : ''}">
      ${run.status === 'failed' ? html`<p class="verdict">${icon('alert')}${runFailureText(run.failure)}</p>` : this.#found(run)}
      <p class="small ${isBad ? '' : 'soft'}">${dateText(run.finished_at ?? run.created_at)}</p>
    </div>`
  }
}
customElements.define('library-report', LibraryReport)

declare global {
  interface HTMLElementTagNameMap {
    'library-report': LibraryReport
  }
}
