import { msg, str } from '@lit/localize'
import { css, html, nothing } from 'lit'
import type { Present } from '../../server/chat/protocol.ts'
import { currentLocale } from '../locale.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { avatar, badge } from './chat-line.ts'
import { MODERATOR } from './chat-ranks.ts'
import { lineStyles, sheetStyles } from './chat-styles.ts'
import { nameColours } from './name-colour.ts'
import { RoomElement } from './room-element.ts'

const EVERY_MS = 10_000

/**
 * Who is here, moderators first; guests as their number. Looks again while it is open.
 *
 * @fires person-menu - `detail` is `{person, anchor}`.
 * @fires close
 */
export class ChatPeople extends RoomElement {
  static override styles = [
    base,
    buttons,
    lineStyles,
    sheetStyles,
    css`
      .person { display: flex; align-items: center; gap: 10px; min-height: 44px; padding: 2px 8px 2px 16px }
      .person .avatar { width: 30px; height: 30px; font-size: 0.85rem }
      .person .name { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
    `,
  ]
  static override properties = {
    ...RoomElement.properties,
    me: {},
    people: { state: true },
    guests: { state: true },
    next: { state: true },
    isMissing: { state: true },
  }

  /** As the hub knows the reader; null for a guest. */
  declare me: string | null
  declare people: Present[] | null
  declare guests: number
  /** Where the next page begins. */
  declare next: number | null
  declare isMissing: boolean
  #timer: ReturnType<typeof setInterval> | undefined

  constructor() {
    super()
    this.me = null
    this.people = null
    this.guests = 0
    this.next = null
    this.isMissing = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    void this.#look(0)
    // Who has asked for more of them is reading.
    this.#timer = setInterval(() => (this.people?.length ?? 0) <= 200 && void this.#look(0), EVERY_MS)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
  }

  protected override firstUpdated(): void {
    this.renderRoot.querySelector('button')?.focus()
  }

  async #look(from: number): Promise<void> {
    const answer = await this.chat.ask({ t: 'who', from })
    this.isMissing = answer?.t !== 'who'
    if (answer?.t !== 'who') return
    this.people = from === 0 ? answer.people : [...(this.people ?? []), ...answer.people]
    this.guests = answer.guests
    this.next = answer.next
  }

  #open(person: Present, event: Event): void {
    const anchor = event.currentTarget as HTMLElement
    this.dispatchEvent(new CustomEvent('person-menu', { detail: { person, anchor } }))
  }

  readonly #onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return
    event.preventDefault()
    this.#close()
  }

  #close(): void {
    this.dispatchEvent(new CustomEvent('close'))
  }

  #person(person: Present) {
    const { u, n, r, a } = person
    const { light, dark } = nameColours(u)
    const isBelow = r < MODERATOR || r < this.chat.rank
    const hasMenu = this.chat.rank >= MODERATOR && u !== this.me && isBelow
    return html`<li class="person">
      ${avatar(u, n, a)}
      <span class="name" style="color: light-dark(${light}, ${dark})">${n}</span>
      ${u === this.me ? html`<span class="small soft">${msg('you')}</span>` : nothing}
      ${badge(r)}
      ${
        hasMenu
          ? html`<button type="button" class="tool" aria-haspopup="menu" aria-label=${msg(str`What to do about ${n}`)} @click=${(event: Event) => this.#open(person, event)}>${icon('more')}</button>`
          : nothing
      }
    </li>`
  }

  protected override render() {
    const { people, guests } = this
    return html`
      <div class="bar" @keydown=${this.#onKey}>
        <button type="button" class="tool" aria-label=${msg('Back to the chat')} @click=${() => this.#close()}>${icon('chevron-left')}</button>
        <h3>${msg('Who is here')}</h3>
      </div>
      <div class="scroll" @keydown=${this.#onKey}>
        ${people ? html`<ul>${people.map((person) => this.#person(person))}</ul>` : nothing}
        ${people || this.isMissing ? nothing : html`<p class="note" role="status">${msg('Loading…')}</p>`}
        ${this.isMissing ? html`<p class="note" role="alert">${msg('The list did not come. It is asked for again in a moment.')}</p>` : nothing}
        ${people?.length === 0 && guests === 0 ? html`<p class="note">${msg('Nobody right now.')}</p>` : nothing}
        ${guests > 0 ? html`<p class="note">${guestsText(guests)}</p>` : nothing}
        ${this.next === null ? nothing : html`<button type="button" class="button quiet more" @click=${() => void this.#look(this.next ?? 0)}>${msg('Show more')}</button>`}
      </div>
    `
  }
}
customElements.define('chat-people', ChatPeople)

function guestsText(count: number): string {
  const shown = new Intl.NumberFormat(currentLocale()).format(count)
  switch (new Intl.PluralRules(currentLocale()).select(count)) {
    case 'one':
      return msg(str`and ${shown} guest`, { id: 'guests-one' })
    case 'few':
      return msg(str`and ${shown} guests`, { id: 'guests-few' })
    case 'many':
      return msg(str`and ${shown} guests`, { id: 'guests-many' })
    default:
      return msg(str`and ${shown} guests`, { id: 'guests-other' })
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'chat-people': ChatPeople
  }
}
