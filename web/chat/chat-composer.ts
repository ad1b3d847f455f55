import { msg, str } from '@lit/localize'
import { html, nothing } from 'lit'
import { serverClock } from '../server-clock.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { type Choice, choiceList } from './chat-choices.ts'
import { MODERATOR } from './chat-ranks.ts'
import { composerStyles } from './chat-styles.ts'
import { lengthText, modeText, refusalText } from './chat-words.ts'
import { emojiOf, findEmoji } from './emoji-data.ts'
import './emoji-panel.ts'
import { countLetters, isTooLong, MAX_LETTERS } from './letters.ts'
import { closedShortcode, completionAt, matchingNames } from './mentions.ts'
import { plainText } from './rich-text.ts'
import { RoomElement } from './room-element.ts'
import type { Entry } from './room-log.ts'

const WARN_FROM = 400

/**
 * Where the person writes: names behind an `@`, emoji behind a `:` or from the picker, what still may be written and
 * when. What they wrote is kept by the room until it is sent.
 */
export class ChatComposer extends RoomElement {
  static override styles = [base, buttons, composerStyles]
  static override properties = {
    ...RoomElement.properties,
    delay: { attribute: false },
    answering: { state: true },
    choices: { state: true },
    chosen: { state: true },
    hasPicker: { state: true },
  }

  /**
   * Seconds that the picture is behind the show, asked as something is sent: so it lands where its author was. Null
   * outside of a show.
   */
  declare delay: () => number | null
  declare answering: Entry | null
  declare choices: Choice[]
  declare chosen: number
  declare hasPicker: boolean
  #start = 0
  #countdown: ReturnType<typeof setInterval> | undefined

  constructor() {
    super()
    this.delay = () => null
    this.answering = null
    this.choices = []
    this.chosen = 0
    this.hasPicker = false
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#countdown)
  }

  override focus(): void {
    this.#field?.focus()
  }

  reply(entry: Entry): void {
    this.answering = entry
    this.focus()
  }

  protected override willUpdate(): void {
    const ends = Math.max(this.chat.slowUntilMs - Date.now(), this.#silenceMs)
    if (ends > 0) this.#countDown()
  }

  get #field(): HTMLTextAreaElement | null {
    return this.renderRoot.querySelector('textarea')
  }

  /** Seconds of slow mode that are left. */
  get #slowLeft(): number {
    return Math.max(0, Math.ceil((this.chat.slowUntilMs - Date.now()) / 1000))
  }

  /** Until a timeout is over; infinite for a ban. */
  get #silenceMs(): number {
    const { until } = this.chat
    if (until === null) return 0
    return until === 0 ? Number.POSITIVE_INFINITY : Math.max(0, until - serverClock.now())
  }

  #countDown(): void {
    this.#countdown ??= setInterval(() => {
      this.requestUpdate()
      if (this.#slowLeft > 0 || this.#silenceMs > 0) return
      clearInterval(this.#countdown)
      this.#countdown = undefined
    }, 250)
  }

  readonly #onInput = (event: Event): void => {
    const field = event.target as HTMLTextAreaElement
    this.chat.write(field.value)
    void this.#complete(field)
  }

  /** Offers what may be meant, and turns a whole shortcode into its emoji. */
  async #complete(field: HTMLTextAreaElement): Promise<void> {
    const { value, selectionStart: caret } = field
    const closed = closedShortcode(value, caret)
    if (closed && !this.chat.emotes.has(closed.name)) {
      const emoji = await emojiOf(closed.name)
      if (emoji && field.value === value) this.#replace(closed.start, caret, emoji)
    }
    const completion = completionAt(value, caret)
    if (!completion) return this.#offer([], 0)
    const { kind, query, start } = completion
    if (kind === 'name') {
      const names = matchingNames(this.chat.names.values(), query)
      return this.#offer(
        names.map((name) => ({ label: name, text: `@${name} ` })),
        start,
      )
    }
    const found = await findEmoji(query, this.chat.emotes)
    if (field.value !== value) return
    this.#offer(
      found.map(({ name, text, picture }) => ({ label: `:${name}:`, text, ...(picture ? { picture } : {}) })),
      start,
    )
  }

  #offer(choices: Choice[], start: number): void {
    this.choices = choices
    this.chosen = 0
    this.#start = start
  }

  #take(choice: Choice | undefined): void {
    const field = this.#field
    if (!choice || !field) return
    this.#replace(this.#start, field.selectionStart, choice.text)
    this.#offer([], 0)
    field.focus()
  }

  #replace(start: number, end: number, text: string): void {
    const field = this.#field
    if (!field) return
    field.setRangeText(text, start, end, 'end')
    this.chat.write(field.value)
  }

  readonly #onPick = (event: CustomEvent<string>): void => {
    const field = this.#field
    if (field) this.#replace(field.selectionStart, field.selectionEnd, event.detail)
  }

  readonly #onSmile = (): void => {
    if (this.hasPicker) this.#closePicker()
    else this.hasPicker = true
  }

  readonly #closePicker = (): void => {
    this.hasPicker = false
    this.focus()
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    // Enter in the midst of composing a character chooses it.
    if (event.isComposing) return
    const { length } = this.choices
    if (length > 0 && ['ArrowDown', 'ArrowUp', 'Enter', 'Tab', 'Escape'].includes(event.key)) {
      event.preventDefault()
      if (event.key === 'Escape') this.#offer([], 0)
      else if (event.key === 'Enter' || event.key === 'Tab') this.#take(this.choices[this.chosen])
      else this.chosen = (this.chosen + (event.key === 'ArrowDown' ? 1 : length - 1)) % length
      return
    }
    if (event.key === 'Escape') this.answering = null
    if (event.key !== 'Enter' || event.shiftKey) return
    event.preventDefault()
    this.#submit()
  }

  readonly #onSubmit = (event: Event): void => {
    event.preventDefault()
    this.#submit()
  }

  #submit(): void {
    const body = this.chat.outbox.draft.trim()
    if (!body || isTooLong(body) || this.#slowLeft > 0 || this.#closedBecause !== '') return
    const delay = this.delay()
    const at = delay === null ? undefined : Math.round(serverClock.now() - delay * 1000)
    this.chat.send(body, this.answering?.line.s, at)
    this.answering = null
    this.hasPicker = false
    this.#offer([], 0)
    this.dispatchEvent(new CustomEvent('sent'))
  }

  /** Why they may not write at all; nothing when they may. */
  get #closedBecause(): string {
    const { rank, modes, settings, state, hasJoined } = this.chat
    const silence = this.#silenceMs
    if (silence === Number.POSITIVE_INFINITY) return refusalText('banned')
    if (silence > 0) {
      const seconds = Math.ceil(silence / 1000)
      return msg(str`You can write again in ${lengthText(seconds >= 120 ? Math.ceil(seconds / 60) * 60 : seconds)}`)
    }
    if (state === 'closed') return refusalText('unavailable')
    if (!hasJoined || rank >= MODERATOR) return ''
    if (settings.frozen) return refusalText('chat_closed')
    return modes.includes(settings.mode) ? '' : modeText(settings.mode)
  }

  #answering() {
    const entry = this.answering
    if (!entry) return nothing
    return html`<div class="answering">
      <span>${icon('reply', 16)}${entry.line.n}: ${plainText(entry.line.b ?? '')}</span>
      <button type="button" class="tool" aria-label=${msg('Do not reply')} @click=${() => (this.answering = null)}>${icon('xmark', 16)}</button>
    </div>`
  }

  protected override render() {
    const { draft } = this.chat.outbox
    const closed = this.#closedBecause
    const slow = this.#slowLeft
    const letters = countLetters(draft)
    const isLong = isTooLong(draft)
    const isOffering = this.choices.length > 0
    return html`
      ${choiceList(this.choices, this.chosen, (choice) => this.#take(choice))}
      ${this.hasPicker ? html`<emoji-panel .chat=${this.chat} @pick=${this.#onPick} @close=${this.#closePicker}></emoji-panel>` : nothing}
      <form @submit=${this.#onSubmit}>
        ${this.#answering()}
        <div class="row">
          <div class="field">
            <textarea
              rows="1"
              enterkeyhint="send"
              role=${isOffering ? 'combobox' : nothing}
              aria-label=${msg('Message')}
              aria-controls=${isOffering ? 'choices' : nothing}
              aria-expanded=${isOffering ? 'true' : nothing}
              aria-activedescendant=${isOffering ? `choice-${this.chosen}` : nothing}
              aria-invalid=${isLong ? 'true' : nothing}
              placeholder=${closed || msg('Say something…')}
              ?disabled=${closed !== ''}
              .value=${draft}
              @input=${this.#onInput}
              @keydown=${this.#onKey}
              @blur=${() => this.#offer([], 0)}
            ></textarea>
            <button
              type="button"
              class="tool smile"
              aria-label=${msg('Emoji')}
              aria-expanded=${this.hasPicker ? 'true' : 'false'}
              ?disabled=${closed !== ''}
              @click=${this.#onSmile}
            >${icon('smile')}</button>
          </div>
          <button class="button send" aria-label=${slow > 0 ? msg(str`Send in ${slow} s`) : msg('Send')} ?disabled=${!draft.trim() || isLong || slow > 0 || closed !== ''}>
            ${slow > 0 ? msg(str`${slow} s`) : icon('send')}
          </button>
        </div>
        ${
          letters >= WARN_FROM || isLong
            ? html`<div class="foot"><span class=${isLong ? 'long' : ''} role=${isLong ? 'status' : nothing}>
                ${isLong ? msg('This message is too long.') : nothing} ${letters} / ${MAX_LETTERS}</span></div>`
            : nothing
        }
      </form>
    `
  }
}
customElements.define('chat-composer', ChatComposer)

declare global {
  interface HTMLElementTagNameMap {
    'chat-composer': ChatComposer
  }
}
