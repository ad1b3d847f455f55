import { msg, str } from '@lit/localize'
import { html } from 'lit'
import { base } from '../ui/styles.ts'
import { newMessagesText } from './chat-words.ts'
import { mentions } from './mentions.ts'
import { plainText } from './rich-text.ts'
import { RoomElement } from './room-element.ts'

/** A screen reader is told something so often, not more. */
const EVERY_MS = 5000

/**
 * Says what comes in to screen readers, when they are at rest: one message in its words, several as their number. A
 * message that calls the reader is said in any case.
 */
export class LiveWords extends RoomElement {
  static override styles = [base]
  static override properties = { ...RoomElement.properties, me: {}, words: { state: true } }

  /** The reader's name. */
  declare me: string
  declare words: string
  #heard = -1
  #timer: ReturnType<typeof setInterval> | undefined

  constructor() {
    super()
    this.me = ''
    this.words = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#heard = this.chat.log.entries.at(-1)?.id ?? -1
    this.#timer = setInterval(() => this.#say(), EVERY_MS)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
  }

  #say(): void {
    const { entries } = this.chat.log
    const isFirst = this.#heard < 0
    const fresh = entries.filter(({ id, line }) => id > this.#heard && line.k === 'msg' && line.n !== this.me)
    this.#heard = entries.at(-1)?.id ?? this.#heard
    if (isFirst || fresh.length === 0) return
    const told = fresh.findLast(({ line }) => mentions(line.b ?? '', this.me)) ?? fresh.at(-1)
    const text = msg(str`${told?.line.n ?? ''}: ${plainText(told?.line.b ?? '')}`, { id: 'chat-message-spoken' })
    this.words = fresh.length === 1 ? text : `${newMessagesText(fresh.length)}. ${text}`
  }

  protected override render() {
    return html`<p class="visually-hidden" aria-live="polite">${this.words}</p>`
  }
}
customElements.define('live-words', LiveWords)

declare global {
  interface HTMLElementTagNameMap {
    'live-words': LiveWords
  }
}
