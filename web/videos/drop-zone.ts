import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'

/** What a file chooser offers; what a file is the server finds out. */
const ACCEPTED = 'video/*,audio/*,.mkv,.mov,.avi,.ts,.m4v,.webm,.flv,.wmv'

/**
 * A button that chooses files, and a place to drop them on; while files are dragged over the page all of it is one.
 *
 * @fires files - Some were chosen: `detail` holds them.
 */
export class DropZone extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .zone { display: flex; flex-wrap: wrap; align-items: center; gap: 12px 20px; padding: 22px; border: 2px dashed var(--line); border-radius: 20px; background: var(--accent-tint) }
      .zone.over { border-color: var(--accent); outline: 3px solid var(--accent) }
      .words { flex: 1; min-width: min(100%, 15em) }
      .words strong { display: block }
      @media (max-width: 560px) { .zone { padding: 16px } .button { width: 100% } }
    `,
  ]
  static override properties = { isOver: { state: true } }

  declare isOver: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.isOver = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    for (const type of ['dragover', 'dragleave', 'drop'] as const) window.addEventListener(type, this.#onDrag)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    for (const type of ['dragover', 'dragleave', 'drop'] as const) window.removeEventListener(type, this.#onDrag)
  }

  /** Opens the file chooser. */
  choose(): void {
    this.renderRoot.querySelector('input')?.click()
  }

  /** A file that misses the zone would otherwise be opened in place of the page. */
  readonly #onDrag = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    this.isOver = event.type === 'dragover'
    if (event.type === 'drop') this.#give([...event.dataTransfer.files])
  }

  #onChosen(event: Event): void {
    const input = event.target as HTMLInputElement
    this.#give([...(input.files ?? [])])
    // The same file may be chosen again.
    input.value = ''
  }

  #give(files: File[]): void {
    if (files.length > 0) this.dispatchEvent(new CustomEvent<File[]>('files', { detail: files }))
  }

  protected override render() {
    return html`<div class=${this.isOver ? 'zone over' : 'zone'}>
      <p class="words">
        <strong>${msg('Drop videos here, or choose them.')}</strong>
        <span class="soft small">${msg('Several at once. An upload that is broken off goes on where it stopped when you choose the same file again.')}</span>
      </p>
      <button class="button" @click=${() => this.choose()}>${icon('upload')}${msg('Upload videos')}</button>
      <input type="file" multiple hidden accept=${ACCEPTED} @change=${this.#onChosen} />
    </div>`
  }
}
customElements.define('drop-zone', DropZone)

declare global {
  interface HTMLElementTagNameMap {
    'drop-zone': DropZone
  }
}
