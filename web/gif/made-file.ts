import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { ExportJson } from '../../server/exports/contract.ts'
import { ApiError, send } from '../api.ts'
import { onJob } from '../notices/job-updates.ts'
import { Poll } from '../poll.ts'
import { sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { exportErrorText, exportFailureText } from './export-words.ts'
import { fetchFile } from './fetch-file.ts'

const POLL_MS = 1000
const DONE_POLL_MS = 300_000
/** What a page may hold; anything larger the browser itself takes to disk. */
const MOST_HELD_BYTES = 100_000_000

function pauseOf(made: ExportJson | null): number {
  return made === null || made.status === 'queued' || made.status === 'processing' ? POLL_MS : DONE_POLL_MS
}

/**
 * A piece that is being made: how far it is, then how far it has come here, then the piece itself to look at and to keep.
 *
 * @fires done - It came to an end: made, failed or given up.
 */
export class MadeFile extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .box { display: grid; gap: 14px; justify-items: start; padding: 20px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      progress { width: 100%; height: 10px; accent-color: var(--accent) }
      .line { display: flex; flex-wrap: wrap; gap: 6px 16px; width: 100%; justify-content: space-between; font-variant-numeric: tabular-nums }
      img, video { display: block; max-width: 100%; max-height: 60vh; border-radius: var(--radius-small); background: var(--sunken) }
      audio { width: min(100%, 480px) }
      .deeds { display: flex; flex-wrap: wrap; gap: 10px }
      .bad { color: var(--bad-ink) }
      .name { overflow-wrap: anywhere }
    `,
  ]
  static override properties = {
    job: {},
    bytes: { state: true },
    file: { state: true },
    error: { state: true },
    isGivenUp: { state: true },
  }

  /** The export's id. */
  declare job: string
  declare bytes: number
  /** Address of what has come. */
  declare file: string | null
  declare error: ApiError | null
  declare isGivenUp: boolean
  readonly #poll = new Poll<ExportJson>(this, pauseOf, (made) => this.#onMade(made))
  #fetching: AbortController | null = null
  #stopListening: (() => void) | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.job = ''
    this.bytes = 0
    this.file = null
    this.error = null
    this.isGivenUp = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#stopListening = onJob(({ id }) => {
      if (id === this.job) this.#poll.now()
    })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#stopListening?.()
    this.#forget()
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (!changed.has('job')) return
    this.#forget()
    this.error = null
    this.isGivenUp = false
    this.#poll.follow(this.job ? this.#path : null)
  }

  get #path(): string {
    return `/api/exports/${encodeURIComponent(this.job)}/`
  }

  #forget(): void {
    this.#fetching?.abort()
    this.#fetching = null
    if (this.file) URL.revokeObjectURL(this.file)
    this.file = null
    this.bytes = 0
  }

  #onMade(made: ExportJson): void {
    if (pauseOf(made) === POLL_MS) return
    this.dispatchEvent(new Event('done'))
    if (made.status === 'ready' && made.size_bytes <= MOST_HELD_BYTES && !this.file && !this.#fetching) {
      void this.#fetch(made)
    }
  }

  async #fetch({ download_url: url }: ExportJson): Promise<void> {
    if (!url) return
    const fetching = new AbortController()
    this.#fetching = fetching
    this.error = null
    try {
      const blob = await fetchFile(url, {
        signal: fetching.signal,
        onProgress: (bytes) => {
          this.bytes = bytes
        },
      })
      this.file = URL.createObjectURL(blob)
    } catch (error) {
      if (error instanceof ApiError) this.error = error
      else if (!fetching.signal.aborted) throw error
    } finally {
      if (this.#fetching === fetching) this.#fetching = null
    }
  }

  async #cancel(): Promise<void> {
    this.isGivenUp = true
    this.#forget()
    this.#poll.follow(null)
    // What is left of it goes after a day by itself.
    await send('DELETE', this.#path).catch(() => undefined)
    this.dispatchEvent(new Event('done'))
  }

  #preview({ format, file_name }: ExportJson, file: string) {
    if (format === 'mp3') return html`<audio controls src=${file}></audio>`
    if (format === 'mp4') return html`<video controls playsinline src=${file} aria-label=${file_name}></video>`
    return html`<img src=${file} alt=${msg('What was made, playing')} />`
  }

  #cancelButton() {
    return html`<button class="button quiet" @click=${() => this.#cancel()}>${icon('xmark')}${msg('Cancel')}</button>`
  }

  #making({ status, progress }: ExportJson) {
    return html`
      <p class="line"><span>${status === 'queued' ? msg('Waiting for its turn…') : msg('It is being made…')}</span><span>${progress} %</span></p>
      <progress max="100" .value=${progress} aria-label=${msg('Made so far')}></progress>
      ${this.#cancelButton()}
    `
  }

  #ready(made: ExportJson) {
    const { file_name: name, size_bytes: size, download_url: url } = made
    if (this.file) {
      return html`
        ${this.#preview(made, this.file)}
        <p class="name"><strong>${name}</strong> <span class="soft">${sizeText(size)}</span></p>
        <p class="deeds"><a class="button" href=${this.file} download=${name}>${icon('arrow-down')}${msg('Save the file')}</a></p>
      `
    }
    if (size > MOST_HELD_BYTES) {
      return html`
        <p class="name"><strong>${name}</strong> <span class="soft">${sizeText(size)}</span></p>
        <p class="deeds"><a class="button" href=${url ?? ''} download=${name}>${icon('arrow-down')}${msg('Download the file')}</a></p>
      `
    }
    if (this.error) return nothing
    const [have, all] = [sizeText(this.bytes), sizeText(size)]
    return html`
      <p class="line"><span>${msg('It comes to you…')}</span><span>${msg(str`${have} of ${all}`)}</span></p>
      <progress class="coming" max=${size} .value=${this.bytes} aria-label=${msg('Downloaded so far')}></progress>
      ${this.#cancelButton()}
    `
  }

  /** For screen readers: steps, not percents. */
  #announcement(made: ExportJson | null): string {
    if (this.isGivenUp || !made) return ''
    if (made.status === 'ready') return this.file ? msg('The file is ready.') : ''
    return made.status === 'failed' ? exportFailureText(made.failure) : msg('It is being made…')
  }

  protected override render() {
    const { value: made, error } = this.#poll
    if (this.isGivenUp) return html`<p class="box soft" role="status">${msg('Given up. Nothing was kept.')}</p>`
    const failed = this.error ?? (error?.status === 404 ? error : null)
    return html`
      <p class="visually-hidden" role="status">${this.#announcement(made)}</p>
      <div class="box">
        ${made ? nothing : html`<p class="soft">${msg('One moment…')}</p>`}
        ${made && pauseOf(made) === POLL_MS ? this.#making(made) : nothing}
        ${made?.status === 'ready' && !failed ? this.#ready(made) : nothing}
        ${made?.status === 'failed' ? html`<p class="bad">${exportFailureText(made.failure)}</p>` : nothing}
        ${
          failed
            ? html`<p class="bad" role="alert">${exportErrorText(failed)}</p>
              ${failed.status !== 404 && made ? html`<button class="button quiet" @click=${() => this.#fetch(made)}>${msg('Try again')}</button>` : nothing}`
            : nothing
        }
      </div>
    `
  }
}
customElements.define('made-file', MadeFile)

declare global {
  interface HTMLElementTagNameMap {
    'made-file': MadeFile
  }
}
