import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { formControls } from '../learn/form-controls.ts'
import { currentLocale } from '../locale.ts'
import { base } from '../ui/styles.ts'
import { languageTag, offeredLanguages } from './languages.ts'

const OTHER = 'other'

/** A language: one of many by name, any other by its tag. */
export class LanguageField extends LitElement {
  static override styles = [
    base,
    formControls,
    css`
      :host { display: flex; gap: 10px; align-items: end }
      label { display: grid; gap: 6px; flex: 1 1 9em; min-width: 0 }
      .tag { flex: 1 1 6em }
    `,
  ]
  static override properties = { value: { state: true }, tag: { state: true } }

  declare value: string
  declare tag: string

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.value = currentLocale()
    this.tag = ''
  }

  get chosen(): { tag: string; name: string } | null {
    const tag = this.value === OTHER ? languageTag(this.tag) : this.value
    if (!tag) return null
    return { tag, name: new Intl.DisplayNames([currentLocale()], { type: 'language' }).of(tag) ?? tag }
  }

  protected override render() {
    return html`
      <label>${msg('Language')}
        <select class="field" name="language" @change=${(event: Event) => (this.value = (event.target as HTMLSelectElement).value)}>
          ${offeredLanguages().map(({ tag, name }) => html`<option value=${tag} ?selected=${tag === this.value}>${name}</option>`)}
          <option value=${OTHER} ?selected=${this.value === OTHER}>${msg('Another one…')}</option>
        </select>
      </label>
      ${
        this.value === OTHER
          ? html`<label class="tag">${msg('Its code')}
              <input class="field" name="tag" maxlength="35" placeholder="pt-BR" autocapitalize="off" spellcheck="false" .value=${this.tag} @input=${(event: Event) => (this.tag = (event.target as HTMLInputElement).value)} />
            </label>`
          : nothing
      }
    `
  }
}
customElements.define('language-field', LanguageField)

declare global {
  interface HTMLElementTagNameMap {
    'language-field': LanguageField
  }
}
