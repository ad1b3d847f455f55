import { LOCALE_STATUS_EVENT, msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import type { NoticeJson } from '../../server/notices/contract.ts'
import { serverClock } from '../server-clock.ts'
import { relativeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import './device-switch.ts'
import { DeviceController, device } from './device.ts'
import { Notices, noticeFeed } from './notice-feed.ts'
import { noticeWords } from './notice-words.ts'
import './sound-switch.ts'

/** The bell with what one is told: a button with how many are unread, and the list that it opens. */
export class NoticeBell extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      :host { position: relative }
      .bell {
        position: relative; display: inline-flex; align-items: center; justify-content: center; min-width: 42px; min-height: 42px;
        padding: 0; border: 0; border-radius: 999px; background: none; color: var(--ink-soft); cursor: pointer;
      }
      .bell:hover, .bell[aria-expanded='true'] { background: var(--sunken); color: var(--ink) }
      .badge {
        position: absolute; top: 3px; right: 1px; min-width: 18px; height: 18px; padding: 0 5px; border-radius: 999px;
        background: var(--live); color: var(--on-live); font-size: 0.6875rem; font-weight: 700; line-height: 18px; font-variant-numeric: tabular-nums;
      }
      .panel {
        position: fixed; inset: 66px max(8px, calc((100vw - 1320px) / 2)) auto auto; width: min(390px, 100vw - 16px); max-height: min(620px, 100dvh - 90px);
        margin: 0; padding: 0; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); color: var(--ink);
        box-shadow: var(--shadow); overflow: hidden;
      }
      .panel:popover-open { display: flex; flex-direction: column }
      header { display: flex; align-items: center; justify-content: space-between; gap: 12px; padding: 12px 16px; border-bottom: 1px solid var(--line) }
      h2 { font-size: 1rem }
      h2:focus { outline: none }
      .link { padding: 6px 0; border: 0; background: none; color: var(--accent); font: inherit; font-size: 0.875rem; font-weight: 600; cursor: pointer }
      .link:hover { color: var(--accent-hover); text-decoration: underline }
      .scroll { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain }
      li + li { border-top: 1px solid var(--line) }
      li a { display: grid; grid-template-columns: 22px minmax(0, 1fr) 9px; gap: 12px; padding: 12px 16px; color: var(--ink-soft); text-decoration: none }
      li a:hover { background: var(--sunken) }
      li a:focus-visible { outline-offset: -3px }
      li svg { margin-top: 1px }
      li.unread { background: var(--accent-tint) }
      li.unread a { color: var(--ink) }
      strong { display: block; font-weight: 620; overflow-wrap: anywhere; line-height: 1.35 }
      .body { display: block; overflow-wrap: anywhere }
      .dot { width: 9px; height: 9px; margin-top: 7px; border-radius: 50%; background: var(--accent) }
      .empty { display: grid; justify-items: center; gap: 8px; padding: 36px 24px; color: var(--ink-soft); text-align: center }
      .more { display: block; width: 100%; padding: 12px; border-top: 1px solid var(--line) }
      footer { display: grid; gap: 10px; padding: 10px 16px; border-top: 1px solid var(--line) }
      @media (max-width: 430px) { .bell { min-width: 36px } }
    `,
  ]
  static override properties = { person: { type: Number }, isOpen: { state: true } }

  /** Who is signed in; null for nobody, undefined while it is not known. */
  declare person: number | null | undefined
  declare isOpen: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    new Notices(this)
    new DeviceController(this)
    this.person = undefined
    this.isOpen = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    window.addEventListener(LOCALE_STATUS_EVENT, this.#onLocale)
    window.addEventListener('vaadin-router-location-changed', this.#close)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    window.removeEventListener(LOCALE_STATUS_EVENT, this.#onLocale)
    window.removeEventListener('vaadin-router-location-changed', this.#close)
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has('person') || this.person === undefined) return
    noticeFeed.become(this.person)
    device.become(this.person)
  }

  readonly #onLocale = ({ detail }: WindowEventMap[typeof LOCALE_STATUS_EVENT]): void => {
    if (detail.status === 'ready') void device.localeChanged()
  }

  get #panel(): HTMLElement | null {
    return this.renderRoot.querySelector('.panel')
  }

  readonly #close = (): void => {
    if (this.isOpen) this.#panel?.hidePopover()
  }

  /** Of an element in a shadow root browsers do not remember where the focus came from. */
  readonly #onBeforeToggle = ({ newState }: ToggleEvent): void => {
    const { activeElement } = this.shadowRoot ?? document
    if (newState === 'closed' && this.#panel?.contains(activeElement)) this.renderRoot.querySelector('button')?.focus()
  }

  readonly #onToggle = ({ newState }: ToggleEvent): void => {
    this.isOpen = newState === 'open'
    noticeFeed.isListed = this.isOpen
    if (!this.isOpen) return
    this.renderRoot.querySelector('h2')?.focus()
    if (!noticeFeed.notices) void noticeFeed.load()
  }

  #open(notice: NoticeJson): void {
    this.#close()
    void noticeFeed.markRead(notice).catch(() => undefined)
  }

  #item(notice: NoticeJson) {
    const { title, body, icon: sign } = noticeWords(notice)
    const isUnread = notice.read_at === null
    return html`<li class=${isUnread ? 'unread' : ''}>
      <a href=${notice.url} @click=${() => this.#open(notice)}>
        ${icon(sign, 22)}
        <span>
          <strong>${title}</strong>
          ${body ? html`<span class="small body">${body}</span>` : nothing}
          <span class="small soft">${relativeText(notice.created_at, serverClock.now())}</span>
        </span>
        ${isUnread ? html`<span class="dot"><span class="visually-hidden">${msg('unread')}</span></span>` : html`<span></span>`}
      </a>
    </li>`
  }

  #list() {
    const { notices, hasFailed, isLoading, hasMore } = noticeFeed
    if (!notices) {
      return hasFailed
        ? html`<div class="empty" role="alert">
            <p>${msg('The notices could not be loaded.')}</p>
            <button class="link" @click=${() => void noticeFeed.load()}>${msg('Try again')}</button>
          </div>`
        : html`<div class="empty" aria-busy="true"><p>${msg('Loading…')}</p></div>`
    }
    if (notices.length === 0) {
      return html`<div class="empty">
        ${icon('bell', 36)}
        <p>${msg('Nothing yet. Follow a channel and you are told here when it is live.')}</p>
      </div>`
    }
    return html`
      <ul>${notices.map((notice) => this.#item(notice))}</ul>
      ${hasMore ? html`<button class="link more" ?disabled=${isLoading} @click=${() => void noticeFeed.loadMore()}>${msg('Older ones')}</button>` : nothing}
    `
  }

  protected override render() {
    if (!this.person) return nothing
    const { unread } = noticeFeed
    const label = unread > 0 ? msg(str`Notices, unread: ${unread}`) : msg('Notices')
    return html`
      <button class="bell" popovertarget="panel" aria-haspopup="dialog" aria-expanded=${this.isOpen} aria-label=${label} title=${msg('Notices')}>
        ${icon('bell', 22)}${unread > 0 ? html`<span class="badge" aria-hidden="true">${unread > 99 ? '99+' : unread}</span>` : nothing}
      </button>
      <section id="panel" class="panel" popover role="dialog" aria-labelledby="title" @beforetoggle=${this.#onBeforeToggle} @toggle=${this.#onToggle}>
        <header>
          <h2 id="title" tabindex="-1">${msg('Notices')}</h2>
          ${unread > 0 ? html`<button class="link" @click=${() => void noticeFeed.markAllRead().catch(() => undefined)}>${msg('Mark all as read')}</button>` : nothing}
        </header>
        <div class="scroll">${this.isOpen ? this.#list() : nothing}</div>
        <footer>
          ${device.isOffered ? html`<device-switch></device-switch>` : nothing}
          <sound-switch></sound-switch>
        </footer>
      </section>
    `
  }
}
customElements.define('notice-bell', NoticeBell)

declare global {
  interface HTMLElementTagNameMap {
    'notice-bell': NoticeBell
  }
}
