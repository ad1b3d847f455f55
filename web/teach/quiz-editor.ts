import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import { formControls } from '../learn/form-controls.ts'
import { type IconName, icon } from '../ui/icons.ts'
import { base } from '../ui/styles.ts'
import {
  emptyQuestion,
  emptyQuiz,
  freeId,
  lacks,
  type OptionDraft,
  type QuestionDraft,
  type QuizDraft,
} from './quiz-draft.ts'
import { moved } from './reorder.ts'
import { toolButtons } from './teach-styles.ts'

/** Writes a quiz: its questions with what is right, and when it is passed. */
export class QuizEditor extends LitElement {
  static override styles = [
    base,
    formControls,
    toolButtons,
    css`
      :host { display: grid; gap: 14px }
      .rules { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 12px }
      label.labelled { display: grid; gap: 4px; font-size: 0.875rem; font-weight: 560; align-content: end }
      fieldset { display: grid; gap: 10px; margin: 0; padding: 14px; border: 1px solid var(--line); border-radius: var(--radius); min-width: 0 }
      .head { display: flex; align-items: center; gap: 6px }
      .head strong { flex: 1 }
      .option { display: grid; grid-template-columns: 28px minmax(0, 1fr) auto; align-items: center; gap: 6px }
      .option input[type='radio'], .option input[type='checkbox'] { width: 20px; height: 20px; accent-color: var(--accent) }
      .plain { display: inline-flex; align-items: center; gap: 8px; justify-self: start; min-height: 40px; padding: 0 10px; border: 0; border-radius: 9px; background: none; color: var(--accent); font: inherit; font-weight: 600; cursor: pointer }
      .plain:hover { background: var(--sunken) }
      .two { display: grid; grid-template-columns: minmax(0, 2fr) minmax(0, 1fr); gap: 10px }
      .bad { color: var(--bad-ink); font-size: 0.875rem }
    `,
  ]
  static override properties = { quiz: { attribute: false }, isChecked: { type: Boolean } }

  declare quiz: QuizDraft
  /** Say what is missing: the author wanted to save. */
  declare isChecked: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.quiz = emptyQuiz()
    this.isChecked = false
  }

  #set(changes: Partial<QuizDraft>): void {
    this.quiz = { ...this.quiz, ...changes }
  }

  #setQuestion(id: string, changes: Partial<QuestionDraft>): void {
    this.#set({ questions: this.quiz.questions.map((one) => (one.id === id ? { ...one, ...changes } : one)) })
  }

  #setOption(question: QuestionDraft, id: string, changes: Partial<OptionDraft>): void {
    const isOnly = question.type === 'single' && changes.isRight === true
    const options = question.options.map((one) =>
      one.id === id ? { ...one, ...changes } : isOnly ? { ...one, isRight: false } : one,
    )
    this.#setQuestion(question.id, { options })
  }

  #number(
    label: string,
    value: number | null,
    onChange: (value: number | null) => void,
    { min = 1, max = 100, hint = '' } = {},
  ) {
    const onInput = (event: Event) => {
      const { valueAsNumber } = event.target as HTMLInputElement
      onChange(Number.isFinite(valueAsNumber) ? Math.round(valueAsNumber) : null)
    }
    return html`<label class="labelled">${label}<input class="field" type="number" min=${min} max=${max} placeholder=${hint} .value=${value === null ? '' : String(value)} @change=${onInput} /></label>`
  }

  #option(question: QuestionDraft, option: OptionDraft, at: number) {
    return html`<div class="option">
      <input type=${question.type === 'single' ? 'radio' : 'checkbox'} name="right-${question.id}" aria-label=${msg(str`Option ${at + 1} is right`)} .checked=${option.isRight}
        @change=${(event: Event) => this.#setOption(question, option.id, { isRight: (event.target as HTMLInputElement).checked })} />
      <input class="field" maxlength="2000" aria-label=${msg(str`Option ${at + 1}`)} .value=${option.text}
        @input=${(event: Event) => this.#setOption(question, option.id, { text: (event.target as HTMLInputElement).value })} />
      ${this.#tool('xmark', msg('Remove the option'), () => this.#setQuestion(question.id, { options: question.options.filter((one) => one !== option) }), question.options.length <= 2)}
    </div>`
  }

  #tool(name: IconName, label: string, act: () => void, isOff = false) {
    return html`<button class="tool" type="button" aria-label=${label} title=${label} ?disabled=${isOff} @click=${act}>${icon(name, 18)}</button>`
  }

  #answers(question: QuestionDraft) {
    const onInput = (name: 'texts' | 'number' | 'tolerance') => (event: Event) =>
      this.#setQuestion(question.id, { [name]: (event.target as HTMLInputElement).value })
    if (question.type === 'text') {
      return html`<label class="labelled">${msg('Right answers, each on a line of its own')}
        <textarea class="field" style="min-height: 4em" .value=${question.texts} @input=${onInput('texts')}></textarea></label>`
    }
    if (question.type === 'number') {
      return html`<div class="two">
        <label class="labelled">${msg('Right number')}<input class="field" inputmode="decimal" .value=${question.number} @input=${onInput('number')} /></label>
        <label class="labelled">${msg('May be off by')}<input class="field" inputmode="decimal" .value=${question.tolerance} @input=${onInput('tolerance')} /></label>
      </div>`
    }
    const add = () => {
      const option = { id: freeId('o', question.options), text: '', isRight: false }
      this.#setQuestion(question.id, { options: [...question.options, option] })
    }
    return html`${question.options.map((option, at) => this.#option(question, option, at))}
      ${question.options.length < 20 ? html`<button class="plain" type="button" @click=${add}>${icon('plus', 18)}${msg('Add an option')}</button>` : nothing}`
  }

  #lackText(question: QuestionDraft): string {
    const lack = lacks(question)
    if (!this.isChecked || !lack) return ''
    if (lack === 'text') return msg('What is the question?')
    return lack === 'options' ? msg('An option is empty.') : msg('Which answer is right?')
  }

  #question(question: QuestionDraft, at: number) {
    const { questions } = this.quiz
    const types: [QuestionDraft['type'], string][] = [
      ['single', msg('One is right')],
      ['multiple', msg('Several are right')],
      ['text', msg('A text')],
      ['number', msg('A number')],
    ]
    const lack = this.#lackText(question)
    return html`<fieldset>
      <div class="head">
        <strong>${msg(str`Question ${at + 1}`)}</strong>
        ${this.#tool('arrow-up', msg(str`Move question ${at + 1} up`), () => this.#set({ questions: moved(questions, at, at - 1) }), at === 0)}
        ${this.#tool('arrow-down', msg(str`Move question ${at + 1} down`), () => this.#set({ questions: moved(questions, at, at + 1) }), at === questions.length - 1)}
        ${this.#tool('trash', msg(str`Delete question ${at + 1}`), () => this.#set({ questions: questions.filter((one) => one !== question) }), questions.length === 1)}
      </div>
      <textarea class="field" style="min-height: 3em" maxlength="2000" aria-label=${msg(str`Question ${at + 1}`)} placeholder=${msg('What is the question?')} .value=${question.text}
        @input=${(event: Event) => this.#setQuestion(question.id, { text: (event.target as HTMLTextAreaElement).value })}></textarea>
      <div class="two">
        <label class="labelled">${msg('Answer')}
          <select class="field" @change=${(event: Event) => this.#setQuestion(question.id, { type: (event.target as HTMLSelectElement).value as QuestionDraft['type'] })}>
            ${types.map(([type, text]) => html`<option value=${type} ?selected=${type === question.type}>${text}</option>`)}
          </select></label>
        ${this.#number(msg('Points'), question.points, (points) => this.#setQuestion(question.id, { points: points ?? 1 }))}
      </div>
      ${this.#answers(question)}
      <label class="labelled">${msg('What learners read afterwards')}
        <input class="field" maxlength="2000" .value=${question.explanation} @input=${(event: Event) => this.#setQuestion(question.id, { explanation: (event.target as HTMLInputElement).value })} /></label>
      ${lack ? html`<p class="bad" role="alert">${lack}</p>` : nothing}
    </fieldset>`
  }

  protected override render() {
    const { quiz } = this
    return html`
      <div class="rules">
        ${this.#number(msg('Needed, %'), quiz.passScore, (value) => this.#set({ passScore: value ?? 70 }), { min: 0 })}
        ${this.#number(msg('Attempts'), quiz.maxAttempts, (maxAttempts) => this.#set({ maxAttempts }), { hint: msg('any') })}
        ${this.#number(msg('Minutes'), quiz.timeLimit, (timeLimit) => this.#set({ timeLimit }), { max: 1440, hint: msg('any') })}
      </div>
      ${repeat(
        quiz.questions,
        ({ id }) => id,
        (question, at) => this.#question(question, at),
      )}
      <button class="plain" type="button" @click=${() => this.#set({ questions: [...quiz.questions, emptyQuestion(quiz.questions)] })}>${icon('plus', 18)}${msg('Add a question')}</button>
    `
  }
}
customElements.define('quiz-editor', QuizEditor)

declare global {
  interface HTMLElementTagNameMap {
    'quiz-editor': QuizEditor
  }
}
