import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { LibraryJson, RunJson } from '../../server/library/contract.ts'
import { ApiError, send } from '../api.ts'
import { onJob } from '../notices/job-updates.ts'
import { Poll } from '../poll.ts'
import '../ui/confirm-dialog.ts'
import { sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import './library-report.ts'
import { countText, dollarText, runningText } from './library-words.ts'

const BUSY_POLL_MS = 3000
const IDLE_POLL_MS = 60_000

/** The media library for admins: what is in it, whether it is whole, what it would cost, and tidying up. */
export class LibraryPage extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .lead { margin: 8px 0 28px; max-width: 46em }
      section { margin-bottom: 40px }
      section > h2 { margin-bottom: 12px }
      .scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums }
      th, td { padding: 10px 16px; text-align: end; white-space: nowrap }
      th:first-child, td:first-child { text-align: start; white-space: normal; overflow-wrap: anywhere; min-width: 9em }
      thead th { white-space: normal; color: var(--ink-soft); font-size: 0.875rem; font-weight: 600 }
      tbody tr { border-top: 1px solid var(--line) }
      tfoot tr { border-top: 2px solid var(--line); font-weight: 700 }
      tbody th { font-weight: 500 }
      .as-of { display: none; color: var(--ink-soft); font-size: 0.75rem; white-space: nowrap }
      .short { color: var(--bad-ink); font-weight: 700 }
      .small { margin-top: 10px }
      .empty { display: grid; justify-items: center; gap: 12px; padding: 44px 24px; border: 1px dashed var(--line); border-radius: var(--radius); text-align: center }
      code { padding: 2px 7px; border-radius: 6px; background: var(--sunken); font-family: var(--mono); font-size: 0.875em; overflow-wrap: anywhere }
      .deeds { display: flex; flex-wrap: wrap; gap: 10px; margin-bottom: 16px }
      .running { display: grid; gap: 12px; justify-items: start; padding: 18px 20px; margin-bottom: 16px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      progress { width: 100%; height: 10px; accent-color: var(--accent) }
      .bones { height: 220px; border-radius: var(--radius); background: var(--sunken) }
      @media (max-width: 600px) { table, thead th { font-size: 0.8125rem } th, td { padding: 9px 5px } th:first-child, td:first-child { padding-inline-start: 12px; min-width: 7em } .deeds .button { flex: 1 1 100% } .dated { display: none } .as-of { display: block } }
    `,
  ]
  static override properties = { error: { state: true }, isAsking: { state: true }, told: { state: true } }

  /** Of the last deed. */
  declare error: ApiError | null
  declare isAsking: boolean
  /** What the connection said of the run since the API was asked. */
  declare told: { id: string; progress: number } | null
  readonly #poll = new Poll<LibraryJson>(this, (value) => (value?.current ? BUSY_POLL_MS : IDLE_POLL_MS))
  #stopListening: (() => void) | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.error = null
    this.isAsking = false
    this.told = null
    this.#poll.follow('/api/admin/library/')
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#stopListening = onJob(({ id, status, progress }) => {
      if (id !== this.#poll.value?.current?.id) return
      this.told = { id, progress }
      if (status !== 'processing') this.#poll.now()
    })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#stopListening?.()
  }

  async #do(deed: () => Promise<unknown>): Promise<void> {
    this.isAsking = true
    this.error = null
    try {
      await deed()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    } finally {
      this.isAsking = false
      this.#poll.now()
    }
  }

  #begin(body: object): Promise<void> {
    return this.#do(() => send('POST', '/api/admin/library/runs/', body))
  }

  async #prune(): Promise<void> {
    if (await this.renderRoot.querySelector('confirm-dialog')?.ask()) await this.#begin({ kind: 'prune' })
  }

  #folders({ categories, total, objects, object_bytes, store }: LibraryJson) {
    if (total.files === 0) {
      return html`<div class="empty">
        ${icon('film', 36)}
        <p>${msg('The library is empty. Files come into it by the command line:')}</p>
        <code>npm run library -- upload &lt;folder&gt;</code>
      </div>`
    }
    const row = (name: string, { files, size_bytes, stored }: LibraryJson['total']) =>
      html`<tr><th scope="row">${name}</th><td>${countText(files)}</td><td>${sizeText(size_bytes)}</td><td class=${stored < files ? 'short' : ''}>${countText(stored)}</td></tr>`
    const place = store === 's3' ? msg('an S3 bucket') : msg('this machine’s disk')
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${msg('Folders')}><table>
        <thead><tr><th scope="col">${msg('Folder')}</th><th scope="col">${msg('Files')}</th><th scope="col">${msg('Size')}</th><th scope="col">${msg('In the store')}</th></tr></thead>
        <tbody>${categories.map((category) => row(category.name.replaceAll('/', '/\u200b'), category))}</tbody>
        <tfoot>${row(msg('All'), total)}</tfoot>
      </table></div>
      <p class="soft small">${msg(str`Objects on ${place}: ${countText(objects)}, ${sizeText(object_bytes)}. Files of equal content share one.`)}</p>`
  }

  #running(run: RunJson) {
    const progress = this.told?.id === run.id ? this.told.progress : run.progress
    return html`<div class="running" role="status">
      <p>${runningText(run, progress)}</p>
      <progress max="100" value=${run.deep ? progress : nothing} aria-label=${msg('Done so far')}></progress>
      <button class="button quiet" ?disabled=${this.isAsking} @click=${() => this.#do(() => send('DELETE', `/api/admin/library/runs/${run.id}/`))}>${msg('Cancel it')}</button>
    </div>`
  }

  #wholeness({ current, last_validation }: LibraryJson) {
    const isBusy = this.isAsking || current !== null
    return html`<div class="deeds">
        <button class="button" ?disabled=${isBusy} @click=${() => this.#begin({ kind: 'validate' })}>${icon('check')}${msg('Check names and sizes')}</button>
        <button class="button quiet" ?disabled=${isBusy} @click=${() => this.#begin({ kind: 'validate', deep: true })}>${icon('search')}${msg('Read and compare everything')}</button>
      </div>
      <library-report .run=${last_validation}></library-report>`
  }

  #tidiness({ current, last_pruning }: LibraryJson) {
    const isBusy = this.isAsking || current !== null
    const found = last_pruning?.dry_run ? (last_pruning.report?.pruning ?? null) : null
    return html`<div class="deeds">
        <button class="button quiet" ?disabled=${isBusy} @click=${() => this.#begin({ kind: 'prune', dry_run: true })}>${icon('search')}${msg('Look for what no file needs')}</button>
        ${found && found.objects > 0 ? html`<button class="button" ?disabled=${isBusy} @click=${this.#prune}>${icon('trash')}${msg('Delete it')}</button>` : nothing}
      </div>
      <library-report .run=${last_pruning}></library-report>
      <confirm-dialog heading=${msg('Delete what no file needs?')} action=${msg('Delete')}>
        <p>${msg(str`Objects: ${countText(found?.objects ?? 0)}, ${sizeText(found?.bytes ?? 0)}. They cannot be brought back; files of the library keep theirs.`)}</p>
      </confirm-dialog>`
  }

  #costs({ costs, prices_checked_on }: LibraryJson) {
    return html`<div class="scroll" tabindex="0" role="region" aria-label=${msg('What it would cost')}><table>
        <thead><tr><th scope="col">${msg('A month')}</th><th scope="col">${msg('Storage')}</th><th scope="col">${msg('Reads')}</th><th scope="col">${msg('Traffic')}</th><th scope="col">${msg('Sum')}</th><th scope="col" class="dated">${msg('Prices of')}</th></tr></thead>
        <tbody>${costs.map(
          ({ name, storage, reads, egress, monthly, as_of }) =>
            html`<tr><th scope="row">${name}<span class="as-of">${as_of}</span></th><td>${dollarText(storage)}</td><td>${dollarText(reads)}</td><td>${dollarText(egress)}</td><td><strong>${dollarText(monthly)}</strong></td><td class="dated">${as_of}</td></tr>`,
        )}</tbody>
      </table></div>
      <p class="soft small">${msg(str`Each object fetched once a month. Prices were last compared on ${prices_checked_on}: look at the store’s own list before you rely on them.`)}</p>`
  }

  protected override render() {
    document.title = `${msg('Media library')} · Ustat`
    const { value, error } = this.#poll
    return html`<h1>${msg('Media library')}</h1>
      <p class="soft lead">${msg('Files that were brought here in folders. Whether all of them are in the store, and what they would cost there.')}</p>
      ${error && !value ? html`<notice-box .error=${error} retries @retry=${() => this.#poll.now()}></notice-box>` : nothing}
      ${value ? this.#sections(value) : error ? nothing : html`<div class="bones" aria-hidden="true"></div>`}`
  }

  #sections(library: LibraryJson) {
    return html`<section aria-labelledby="folders"><h2 id="folders">${msg('Folders')}</h2>${this.#folders(library)}</section>
      <notice-box .error=${this.error}></notice-box>
      ${library.current ? this.#running(library.current) : nothing}
      <section aria-labelledby="whole"><h2 id="whole">${msg('Is it whole?')}</h2>${this.#wholeness(library)}</section>
      <section aria-labelledby="tidy"><h2 id="tidy">${msg('Tidying up')}</h2>${this.#tidiness(library)}</section>
      <section aria-labelledby="cost"><h2 id="cost">${msg('What it would cost')}</h2>${this.#costs(library)}</section>`
  }
}
customElements.define('library-page', LibraryPage)

declare global {
  interface HTMLElementTagNameMap {
    'library-page': LibraryPage
  }
}
