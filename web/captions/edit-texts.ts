import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { mayDiscard } from '../ui/unsaved.ts'
import './caption-files.ts'
import './chapters-editor.ts'

type Section = 'captions' | 'chapters'

/**
 * Captions and chapters of a recording or a video, for whoever manages it: under the player, which goes on showing what is
 * edited.
 *
 * @fires saved - Something was saved or deleted.
 */
export class EditTexts extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      :host, .tools { display: contents }
      .head { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; justify-content: space-between }
      section { flex: 1 1 100%; order: 1; min-width: 0; scroll-margin-top: var(--above, 0px); display: grid; gap: 16px; margin-top: 2px; padding: clamp(14px, 3vw, 22px); border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
    `,
  ]
  static override properties = { film: {}, video: { attribute: false }, opened: { state: true } }

  /** Its path in the API: `/api/videos/<id>/`. */
  declare film: string
  /** What plays on the page. */
  declare video: HTMLVideoElement | null
  declare opened: Section | null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.film = ''
    this.video = null
    this.opened = null
  }

  async #choose(section: Section | null): Promise<void> {
    const open = this.renderRoot.querySelector<HTMLElement>('section > :last-child')
    if (section === this.opened || (open && !(await mayDiscard(open)))) return
    this.opened = section
    await this.updateComplete
    this.renderRoot.querySelector<HTMLElement>(section ? 'section' : '.tools button')?.focus()
  }

  readonly #onSaved = (): void => {
    this.dispatchEvent(new Event('saved'))
  }

  #tool(section: Section, name: string) {
    return html`<button class="button quiet" aria-expanded=${this.opened === section} @click=${() => this.#choose(this.opened === section ? null : section)}>${icon(section)}${name}</button>`
  }

  protected override render() {
    const { film, video, opened } = this
    const names = { captions: msg('Captions'), chapters: msg('Chapters') }
    return html`
      <div class="tools">${this.#tool('captions', names.captions)}${this.#tool('chapters', names.chapters)}</div>
      ${
        opened
          ? html`<section tabindex="-1" aria-label=${names[opened]}>
              <div class="head">
                <h2>${names[opened]}</h2>
                <button class="button quiet" @click=${() => this.#choose(null)}>${icon('xmark')}${msg('Close')}</button>
              </div>
              ${
                opened === 'captions'
                  ? html`<caption-files .film=${film} .video=${video} @saved=${this.#onSaved}></caption-files>`
                  : html`<chapters-editor .film=${film} .video=${video} @saved=${this.#onSaved}></chapters-editor>`
              }
            </section>`
          : nothing
      }
    `
  }
}
customElements.define('edit-texts', EditTexts)

declare global {
  interface HTMLElementTagNameMap {
    'edit-texts': EditTexts
  }
}
