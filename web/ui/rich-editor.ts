import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, type TemplateResult } from 'lit'
import { icon } from './icons.ts'
import { base } from './styles.ts'

/**
 * A field for text with markup: paragraphs, headings, lists, links. What comes out is HTML that the API cleans again.
 *
 * @fires input - Something was written.
 */
export class RichEditor extends LitElement {
  static override styles = [
    base,
    css`
      .label { display: block; margin-bottom: 6px }
      .frame { border: 1px solid color-mix(in oklab, var(--ink-soft) 55%, transparent); border-radius: var(--radius-small); background: var(--surface); overflow: hidden }
      .frame:focus-within { outline: 3px solid var(--accent); outline-offset: 1px }
      .bar { display: flex; flex-wrap: wrap; gap: 2px; padding: 4px; border-bottom: 1px solid var(--line) }
      button { min-width: 38px; min-height: 36px; padding: 0 10px; border: 0; border-radius: 7px; background: none; color: var(--ink-soft); font: inherit; cursor: pointer }
      button svg { display: block; margin: auto }
      button:hover { background: var(--sunken); color: var(--ink) }
      .text { min-height: 9em; max-height: 60vh; overflow-y: auto; padding: 12px 16px; outline: none; line-height: 1.6; overflow-wrap: anywhere }
      .text ul { list-style: disc; padding-left: 1.4em }
      .text ol { list-style: decimal; padding-left: 1.6em }
      .text p, .text ul, .text ol { margin-bottom: 0.7em }
    `,
  ]
  static override properties = { label: {}, value: { attribute: false, noAccessor: true } }

  declare label: string
  #value = ''

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.label = ''
  }

  /** HTML; empty when nothing is in it but empty lines. */
  get value(): string {
    const text = this.#text
    if (!text) return this.#value
    return text.textContent?.trim() || text.querySelector('img') ? text.innerHTML : ''
  }

  set value(value: string) {
    this.#value = value
    if (this.#text) this.#text.innerHTML = value
  }

  get #text(): HTMLElement | null {
    return this.renderRoot?.querySelector<HTMLElement>('.text') ?? null
  }

  protected override firstUpdated(): void {
    if (this.#text) this.#text.innerHTML = this.#value
    document.execCommand('defaultParagraphSeparator', false, 'p')
  }

  #do(command: string, value?: string): void {
    this.#text?.focus()
    document.execCommand(command, false, value)
    this.dispatchEvent(new Event('input'))
  }

  #link(): void {
    const selection =
      (this.renderRoot as ShadowRoot & { getSelection?: () => Selection | null }).getSelection?.() ?? getSelection()
    const range = selection?.rangeCount ? selection.getRangeAt(0) : null
    const address = prompt(msg('Address of the link'), 'https://')
    if (!address || !/^(https?:|mailto:)/.test(address)) return
    if (range && selection) {
      selection.removeAllRanges()
      selection.addRange(range)
    }
    this.#do('createLink', address)
  }

  /** As plain text: what other programs put around it is not wanted here. */
  readonly #onPaste = (event: ClipboardEvent): void => {
    event.preventDefault()
    document.execCommand('insertText', false, event.clipboardData?.getData('text/plain') ?? '')
  }

  #button(label: string, inside: TemplateResult, act: () => void) {
    // The selection stays in the text.
    const keep = (event: Event) => event.preventDefault()
    return html`<button type="button" aria-label=${label} title=${label} @pointerdown=${keep} @click=${act}>${inside}</button>`
  }

  protected override render() {
    return html`<span class="label" id="label">${this.label}</span>
      <div class="frame">
        <div class="bar" role="toolbar" aria-label=${msg('Formatting')}>
          ${this.#button(msg('Heading'), html`<b>H</b>`, () => this.#do('formatBlock', 'h3'))}
          ${this.#button(msg('Paragraph'), html`¶`, () => this.#do('formatBlock', 'p'))}
          ${this.#button(msg('Bold'), html`<b>B</b>`, () => this.#do('bold'))}
          ${this.#button(msg('Italic'), html`<i>I</i>`, () => this.#do('italic'))}
          ${this.#button(msg('List'), html`•`, () => this.#do('insertUnorderedList'))}
          ${this.#button(msg('Numbered list'), html`1.`, () => this.#do('insertOrderedList'))}
          ${this.#button(msg('Link'), icon('link', 18), () => this.#link())}
          ${this.#button(msg('Plain'), html`<s>T</s>`, () => this.#do('removeFormat'))}
        </div>
        <div class="text" contenteditable="true" role="textbox" aria-multiline="true" aria-labelledby="label" @paste=${this.#onPaste} @input=${() => this.dispatchEvent(new Event('input'))}></div>
      </div>`
  }
}
customElements.define('rich-editor', RichEditor)

declare global {
  interface HTMLElementTagNameMap {
    'rich-editor': RichEditor
  }
}
