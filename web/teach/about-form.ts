import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import '@awesome.me/webawesome/dist/components/textarea/textarea.js'
import type { CategoryTreeJson, CourseJson } from '../../server/courses/contract.ts'
import { type ApiError, get, send } from '../api.ts'
import { courseTypeText, difficultyText, languageText } from '../courses/course-words.ts'
import { formControls } from '../learn/form-controls.ts'
import { attempt } from '../ui/attempt.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import '../ui/picture-field.ts'
import '../ui/rich-editor.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'

const currencies = ['RUB', 'USD', 'EUR']
const languages = ['ru', 'en']

/**
 * What a course says of itself: words, price, place in the catalogue, picture.
 *
 * @fires changed
 */
export class AboutForm extends LitElement {
  static override styles = [
    base,
    formControls,
    css`
      form { display: grid; gap: 20px; max-width: 860px }
      .two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 200px), 1fr)); gap: 16px }
      label.labelled { display: grid; gap: 6px; align-content: start }
      .bad { color: var(--bad-ink); font-size: 0.875rem; font-weight: 400 }
      .foot { position: sticky; bottom: 0; padding: 12px 0; background: var(--paper) }
    `,
  ]
  static override properties = {
    course: { attribute: false },
    categories: { state: true },
    error: { state: true },
    isBusy: { state: true },
  }

  declare course: CourseJson | null
  declare categories: { id: number; text: string }[]
  declare error: ApiError | null
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.categories = []
    this.error = null
    this.isBusy = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    void get<CategoryTreeJson[]>('/api/categories/').then(
      (tree) => {
        this.categories = flat(tree)
      },
      () => undefined,
    )
  }

  readonly #onSubmit = (event: SubmitEvent): void => {
    event.preventDefault()
    const { course } = this
    if (!course) return
    const fields = new FormData(event.target as HTMLFormElement)
    const text = (name: string) => String(fields.get(name) ?? '')
    const rich = (name: string) =>
      this.renderRoot.querySelector<HTMLElementTagNameMap['rich-editor']>(`#${name}`)?.value ?? ''
    const mayPrice = course.rights.includes('price')
    void attempt(this, async () => {
      await send('PATCH', `/api/courses/${course.id}/`, {
        version: course.version,
        title: text('title'),
        short_description: text('short_description'),
        description: rich('description'),
        target_audience: rich('target_audience'),
        requirements: rich('requirements'),
        category: Number(text('category')) || null,
        difficulty: text('difficulty'),
        type: text('type'),
        language: text('language'),
        preview_video_url: text('preview_video_url'),
        ...(mayPrice ? { price: text('price').replace(',', '.') || '0', currency: text('currency') } : {}),
      })
      this.dispatchEvent(new Event('changed'))
      await toast(msg('Saved.'))
    })
  }

  #wrong(name: string) {
    const sentences = this.error?.fields[name]
    return sentences ? html`<span class="bad" role="alert">${sentences.join(' ')}</span>` : nothing
  }

  #select(name: string, label: string, chosen: string, options: [string, string][], isDisabled = false) {
    return html`<label class="labelled">${label}
      <select class="field" name=${name} ?disabled=${isDisabled}>${options.map(([value, text]) => html`<option value=${value} ?selected=${value === chosen}>${text}</option>`)}</select>
      ${this.#wrong(name)}
    </label>`
  }

  #picture({ id, thumbnail_url }: CourseJson) {
    return html`<picture-field
      path="/api/courses/${id}/thumbnail/"
      .url=${thumbnail_url}
      label=${msg('Picture of the course')}
      hint=${msg('16:9, 1280 × 720 or larger; JPEG, PNG or WebP.')}
      @changed=${() => this.dispatchEvent(new Event('changed'))}
    >${icon('book', 30)}</picture-field>`
  }

  protected override render() {
    const { course } = this
    if (!course) return nothing
    const withOwn = (known: string[], own: string) => (known.includes(own) ? known : [...known, own])
    const mayPrice = course.rights.includes('price')
    const isAboutFields = Object.keys(this.error?.fields ?? {}).length > 0
    return html`<form @submit=${this.#onSubmit}>
      ${this.error && !isAboutFields ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      ${this.#picture(course)}
      <div><wa-input name="title" label=${msg('Title')} maxlength="200" required value=${course.title}></wa-input>${this.#wrong('title')}</div>
      <wa-textarea name="short_description" label=${msg('In one or two sentences, for the catalogue')} rows="2" maxlength="300" resize="auto" value=${course.short_description}></wa-textarea>
      <rich-editor id="description" label=${msg('Description')} .value=${course.description}></rich-editor>
      <div class="two">
        ${this.#select('category', msg('Category'), String(course.category?.id ?? ''), [['', msg('None yet')], ...this.categories.map(({ id, text }): [string, string] => [String(id), text])])}
        ${this.#select(
          'difficulty',
          msg('Level'),
          course.difficulty,
          (['beginner', 'intermediate', 'advanced'] as const).map((one) => [one, difficultyText(one)]),
        )}
        ${this.#select(
          'type',
          msg('Kind'),
          course.type,
          (['video', 'text', 'mixed'] as const).map((one) => [one, courseTypeText(one)]),
        )}
        ${this.#select(
          'language',
          msg('Language'),
          course.language,
          withOwn(languages, course.language).map((one) => [one, languageText(one)]),
        )}
      </div>
      <div class="two">
        <label class="labelled">${msg('Price; 0 is free')}
          <input class="field" name="price" inputmode="decimal" pattern="\\d{1,8}([.,]\\d{1,2})?" .value=${course.price} ?disabled=${!mayPrice} />
          ${this.#wrong('price')}
        </label>
        ${this.#select(
          'currency',
          msg('Currency'),
          course.currency,
          withOwn(currencies, course.currency).map((one) => [one, one]),
          !mayPrice,
        )}
      </div>
      <rich-editor id="target_audience" label=${msg('Who it is for')} .value=${course.target_audience}></rich-editor>
      <rich-editor id="requirements" label=${msg('What one needs for it')} .value=${course.requirements}></rich-editor>
      <div><wa-input name="preview_video_url" type="url" label=${msg('Address of a preview video')} maxlength="500" value=${course.preview_video_url?.startsWith('http') ? course.preview_video_url : ''}></wa-input>${this.#wrong('preview_video_url')}</div>
      <div class="foot"><wa-button type="submit" variant="brand" ?loading=${this.isBusy} ?disabled=${!course.can_edit}>${msg('Save')}</wa-button></div>
    </form>`
  }
}
customElements.define('about-form', AboutForm)

function flat(tree: CategoryTreeJson[], depth = 0): { id: number; text: string }[] {
  return tree.flatMap(({ id, name, children }) => [
    { id, text: `${'\u2003'.repeat(depth)}${name}` },
    ...flat(children, depth + 1),
  ])
}

declare global {
  interface HTMLElementTagNameMap {
    'about-form': AboutForm
  }
}
