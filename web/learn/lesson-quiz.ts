import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import type { GradedAttemptJson, QuizJson } from '../../server/progress/quiz-contract.ts'
import { type ApiError, get, send } from '../api.ts'
import { serverClock } from '../server-clock.ts'
import { attempt } from '../ui/attempt.ts'
import { durationText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { formControls } from './form-controls.ts'
import { type Answer, countAnswered, rightAnswerText } from './quiz-answers.ts'

type Question = QuizJson['questions'][number]

/**
 * A quiz: its questions, an attempt, and what came of it.
 *
 * @fires graded - An attempt was counted.
 */
export class LessonQuiz extends LitElement {
  static override styles = [
    base,
    formControls,
    css`
      .rules { display: flex; flex-wrap: wrap; gap: 6px 18px; color: var(--ink-soft); margin-bottom: 18px }
      form, ol { display: grid; gap: 18px }
      fieldset { margin: 0; padding: 18px 20px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); min-width: 0 }
      fieldset.right { border-color: var(--accent) }
      fieldset.wrong { border-color: var(--bad-ink) }
      legend { float: left; width: 100%; padding: 0; margin-bottom: 10px; font-weight: 620; overflow-wrap: anywhere }
      legend + * { clear: both }
      .points { color: var(--ink-soft); font-weight: 400; font-size: 0.875rem }
      .verdict { display: flex; align-items: center; gap: 8px; margin-top: 12px; font-weight: 620 }
      .right .verdict { color: var(--accent) }
      .wrong .verdict { color: var(--bad-ink) }
      .explanation { margin-top: 6px; color: var(--ink-soft); overflow-wrap: anywhere }
      .result { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 24px; padding: 20px 24px; margin-bottom: 18px; border-radius: var(--radius); background: var(--warn-tint); color: var(--warn-ink) }
      .result.passed { background: var(--accent-tint); color: var(--accent) }
      .score { font-size: 2.2rem; font-weight: 720; letter-spacing: -0.03em; line-height: 1; font-variant-numeric: tabular-nums }
      .result div { flex: 1; min-width: 12em }
      .foot { position: sticky; bottom: 0; display: flex; flex-wrap: wrap; align-items: center; gap: 14px; padding: 12px 0; background: var(--paper) }
      .clock { font-variant-numeric: tabular-nums; font-weight: 650 }
      .start { display: grid; justify-items: start; gap: 14px; padding: 24px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
    `,
  ]
  static override properties = {
    lesson: { type: Number },
    isGuest: { type: Boolean },
    quiz: { state: true },
    answers: { state: true },
    result: { state: true },
    error: { state: true },
    isBusy: { state: true },
  }

  /** Its id. */
  declare lesson: number
  /** Nobody is signed in: the questions are shown, answers are not taken. */
  declare isGuest: boolean
  declare quiz: QuizJson | null
  declare answers: Record<string, Answer>
  declare result: GradedAttemptJson | null
  declare error: ApiError | null
  declare isBusy: boolean
  #clock: ReturnType<typeof setInterval> | undefined

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.lesson = 0
    this.isGuest = false
    this.quiz = null
    this.answers = {}
    this.result = null
    this.error = null
    this.isBusy = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#clock = setInterval(() => this.#tick(), 1000)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#clock)
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('lesson') && this.lesson) {
      this.quiz = null
      void this.#again()
    }
  }

  /** Seconds; null without a limit. */
  get #left(): number | null {
    const end = Date.parse(this.quiz?.ends_at ?? '')
    return Number.isNaN(end) ? null : Math.max(0, (end - serverClock.now()) / 1000)
  }

  /** What is answered by the end counts: it goes out by itself. */
  #tick(): void {
    if (this.#left === null || this.result) return
    this.requestUpdate()
    if (this.#left === 0 && !this.isBusy && !this.error) void this.#submit()
  }

  #again(): Promise<boolean> {
    return attempt(this, async () => {
      this.quiz = await get<QuizJson>(`/api/lessons/${this.lesson}/quiz/`)
      this.answers = {}
      this.result = null
    })
  }

  #start(): Promise<boolean> {
    return attempt(this, async () => {
      await send('POST', `/api/lessons/${this.lesson}/attempts/start/`)
      this.quiz = await get<QuizJson>(`/api/lessons/${this.lesson}/quiz/`)
    })
  }

  #submit(): Promise<boolean> {
    return attempt(this, async () => {
      const result = await send<GradedAttemptJson>('POST', `/api/lessons/${this.lesson}/attempts/`, {
        answers: this.answers,
      })
      this.result = result
      if (this.quiz)
        this.quiz = {
          ...this.quiz,
          attempts_left: result.attempts_left,
          is_passed: this.quiz.is_passed || result.is_passed,
          ends_at: null,
        }
      this.dispatchEvent(new Event('graded'))
      await this.updateComplete
      this.renderRoot.querySelector<HTMLElement>('.result')?.focus()
    })
  }

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault()
    void this.#submit()
  }

  #answer(question: string, value: Answer): void {
    this.answers = { ...this.answers, [question]: value }
  }

  #choice(question: Question, option: { id: string; text: string }) {
    const given = this.answers[question.id]
    const isMultiple = question.type === 'multiple'
    const chosen = Array.isArray(given) ? given : []
    const onChange = (event: Event) => {
      const { checked } = event.target as HTMLInputElement
      const others = chosen.filter((one) => one !== option.id)
      this.#answer(question.id, isMultiple ? (checked ? [...others, option.id] : others) : option.id)
    }
    return html`<label class="choice">
      <input type=${isMultiple ? 'checkbox' : 'radio'} name=${question.id} ?disabled=${this.result !== null}
        .checked=${isMultiple ? chosen.includes(option.id) : given === option.id} @change=${onChange} />
      <span>${option.text}</span>
    </label>`
  }

  #field(question: Question) {
    const isNumber = question.type === 'number'
    const given = this.answers[question.id]
    const onInput = (event: Event) => {
      const { value, valueAsNumber } = event.target as HTMLInputElement
      this.#answer(question.id, isNumber ? (Number.isFinite(valueAsNumber) ? valueAsNumber : null) : value)
    }
    return html`<input class="field" type=${isNumber ? 'number' : 'text'} step="any" maxlength="2000" autocomplete="off" aria-label=${msg('Your answer')} placeholder=${msg('Your answer')}
      ?disabled=${this.result !== null} .value=${given === undefined || given === null ? '' : String(given)} @input=${onInput} />`
  }

  #verdict(question: Question) {
    const graded = this.result?.results.find((one) => one.question === question.id)
    if (!graded) return nothing
    const right = graded.is_right ? '' : rightAnswerText(question, graded.right_answer)
    return html`<p class="verdict">${icon(graded.is_right ? 'circle-check' : 'xmark')}${graded.is_right ? msg('Right') : msg('Not right')}</p>
      ${right ? html`<p class="explanation">${msg(str`Right answer: ${right}`)}</p>` : nothing}
      ${graded.explanation ? html`<p class="explanation">${graded.explanation}</p>` : nothing}`
  }

  #question(question: Question, at: number) {
    const graded = this.result?.results.find((one) => one.question === question.id)
    return html`<fieldset class=${graded ? (graded.is_right ? 'right' : 'wrong') : ''}>
      <legend>${at + 1}. ${question.text}
        <span class="points">${question.type === 'multiple' ? msg('(choose all that fit)') : ''}</span></legend>
      ${question.options ? html`<div class="choices">${question.options.map((option) => this.#choice(question, option))}</div>` : this.#field(question)}
      ${this.#verdict(question)}
    </fieldset>`
  }

  #outcome(quiz: QuizJson, { score, is_passed, is_late, attempts_left }: GradedAttemptJson) {
    const mayTryAgain = attempts_left === null || attempts_left > 0
    return html`<div class="result ${is_passed ? 'passed' : ''}" tabindex="-1" role="status">
      <span class="score">${score}%</span>
      <div>
        <p><strong>${is_passed ? msg('Passed!') : msg('Not passed yet')}</strong></p>
        <p>${is_late ? msg('The time was up, so no answer counted.') : msg(str`${quiz.pass_score}% are needed.`)}
          ${!is_passed && attempts_left !== null ? msg(str`Attempts left: ${attempts_left}.`) : ''}</p>
      </div>
      ${mayTryAgain ? html`<wa-button appearance="outlined" @click=${() => this.#again()}>${is_passed ? msg('Take it again') : msg('Try again')}</wa-button>` : nothing}
    </div>`
  }

  #rules(quiz: QuizJson) {
    return html`<p class="rules">
      <span>${msg(str`Needed: ${quiz.pass_score}%`)}</span>
      ${quiz.attempts_left === null ? nothing : html`<span>${msg(str`Attempts left: ${quiz.attempts_left}`)}</span>`}
      ${quiz.time_limit_minutes === null ? nothing : html`<span>${msg(str`Time: ${quiz.time_limit_minutes} min`)}</span>`}
      ${quiz.best_score === null ? nothing : html`<span>${msg(str`Your best: ${quiz.best_score}%`)}${quiz.is_passed ? msg(', passed') : ''}</span>`}
    </p>`
  }

  #foot(quiz: QuizJson) {
    if (this.result) return nothing
    if (this.isGuest) return html`<p class="soft">${msg('Sign in to answer and have it counted.')}</p>`
    const left = this.#left
    return html`<div class="foot">
      <wa-button type="submit" variant="brand" ?loading=${this.isBusy} ?disabled=${quiz.attempts_left === 0}>${msg('Check my answers')}</wa-button>
      <span class="soft">${msg(str`${countAnswered(this.answers)} of ${quiz.questions.length} answered`)}</span>
      ${left === null ? nothing : html`<span class="clock" role="timer">${msg(str`${durationText(left)} left`)}</span>`}
    </div>`
  }

  protected override render() {
    const { quiz, result, error } = this
    const notice = error
      ? html`<notice-box style="margin-bottom: 16px" .error=${error} retries @retry=${() => (quiz ? this.#submit() : this.#again())}></notice-box>`
      : nothing
    if (!quiz) return notice
    if (quiz.attempts_left === 0 && !result) {
      return html`${this.#rules(quiz)}<p class="start">${quiz.is_passed ? msg('You have passed this quiz, and all attempts are used.') : msg('All attempts are used. Ask the teacher to let you begin anew.')}</p>`
    }
    if (quiz.time_limit_minutes !== null && !quiz.started_at && !result) {
      return html`${notice}${this.#rules(quiz)}<div class="start">
        <p>${msg(str`You have ${quiz.time_limit_minutes} minutes from the moment you begin. The clock does not stop when you leave the page.`)}</p>
        ${this.isGuest ? html`<p class="soft">${msg('Sign in to answer and have it counted.')}</p>` : html`<wa-button variant="brand" ?loading=${this.isBusy} @click=${() => this.#start()}>${msg('Begin')}</wa-button>`}
      </div>`
    }
    return html`${notice}${result ? this.#outcome(quiz, result) : this.#rules(quiz)}
      <form @submit=${this.#onSubmit}>
        <ol>${quiz.questions.map((question, at) => html`<li>${this.#question(question, at)}</li>`)}</ol>
        ${this.#foot(quiz)}
      </form>`
  }
}
customElements.define('lesson-quiz', LessonQuiz)

declare global {
  interface HTMLElementTagNameMap {
    'lesson-quiz': LessonQuiz
  }
}
