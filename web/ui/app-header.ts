import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { chooseLocale, currentLocale, type Locale, locales } from '../locale.ts'
import '../notices/notice-bell.ts'
import { go } from '../router.ts'
import { Session, signOut } from '../session.ts'
import { type IconName, icon } from './icons.ts'
import { base } from './styles.ts'
import { chooseTheme, chosenTheme, type Theme } from './theme.ts'

const themes: readonly Theme[] = ['auto', 'light', 'dark']
const themeIcons: Record<Theme, IconName> = { auto: 'system', light: 'sun', dark: 'moon' }

/** Navigation, theme, language and who is signed in; on every page. */
export class AppHeader extends LitElement {
  static override styles = [
    base,
    css`
      :host { background: var(--surface); border-bottom: 1px solid var(--line) }
      .skip { position: absolute; left: -999px; top: 8px; z-index: 5; padding: 8px 14px; background: var(--surface) }
      .skip:focus { left: 8px }
      .bar { display: flex; align-items: center; gap: 6px 22px; width: var(--page); min-height: 62px; margin: 0 auto }
      .brand { display: flex; align-items: center; gap: 10px; font-size: 1.2rem; font-weight: 720; letter-spacing: -0.02em; color: var(--ink); text-decoration: none }
      .brand img { display: block }
      nav { display: flex; gap: 4px }
      nav a { padding: 8px 12px; border-radius: 999px; color: var(--ink-soft); font-weight: 560; text-decoration: none }
      nav a:hover { background: var(--sunken); color: var(--ink) }
      nav a[aria-current] { color: var(--ink); background: var(--sunken) }
      .tools { display: flex; align-items: center; gap: 4px; margin-left: auto }
      button, .sign-in, .who {
        display: inline-flex; align-items: center; justify-content: center; gap: 6px; min-width: 42px; min-height: 42px; padding: 0 10px; border: 0;
        border-radius: 999px; background: none; color: var(--ink-soft); font: inherit; font-size: 0.875rem; font-weight: 600; cursor: pointer; text-decoration: none; white-space: nowrap;
      }
      button:hover, .sign-in:hover, .who:hover, .who[aria-current] { background: var(--sunken); color: var(--ink) }
      .sign-in { color: var(--accent) }
      .who span { max-width: 12em; overflow: hidden; text-overflow: ellipsis }
      @media (max-width: 720px) { .who span { display: none } .bar { gap: 6px 10px; min-height: 56px } nav a { padding: 8px 9px } }
      @media (max-width: 560px) { .bar { flex-wrap: wrap; padding-top: 6px } nav { order: 1; flex: 1 1 100%; overflow-x: auto; margin-inline: -9px } }
      @media (max-width: 430px) { .brand span { display: none } .bar { gap: 2px } nav { gap: 0 } .tools { gap: 0 } nav a, button, .sign-in, .who { font-size: 0.8125rem; padding: 0 7px; min-width: 34px; line-height: 40px; letter-spacing: -0.01em } }
    `,
  ]
  static override properties = { path: { state: true }, theme: { state: true } }

  declare path: string
  declare theme: Theme
  readonly #session = new Session(this)

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.path = location.pathname
    this.theme = chosenTheme()
  }

  override connectedCallback(): void {
    super.connectedCallback()
    window.addEventListener('vaadin-router-location-changed', this.#onLocation)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    window.removeEventListener('vaadin-router-location-changed', this.#onLocation)
  }

  readonly #onLocation = (): void => {
    this.path = location.pathname
  }

  #nextTheme(): void {
    this.theme = themes[(themes.indexOf(this.theme) + 1) % themes.length] ?? 'auto'
    chooseTheme(this.theme)
  }

  #otherLocale(): Locale {
    return currentLocale() === 'en' ? 'ru' : 'en'
  }

  async #signOut(): Promise<void> {
    await signOut().catch(() => undefined)
    go('/')
  }

  #link(href: string, text: string) {
    const isHere = this.path === href || (href !== '/' && this.path.startsWith(`${href}/`))
    return html`<a href=${href} aria-current=${isHere ? 'page' : nothing}>${text}</a>`
  }

  /** Who only learns has no use for it; the address stays open to all. */
  #teaching() {
    const { viewer } = this.#session
    const isLearner = viewer?.role === 'student'
    return html`${isLearner ? nothing : this.#link('/studio', msg('Studio'))}${viewer && !isLearner ? html`${this.#link('/teach', msg('Teach'))}${this.#link('/videos', msg('Videos'))}` : nothing}`
  }

  #viewer() {
    const { viewer } = this.#session
    if (viewer === undefined) return nothing
    if (viewer === null) {
      const back = this.path.startsWith('/sign-') ? '/' : this.path
      return html`<a class="sign-in" href="/sign-in?next=${encodeURIComponent(back)}">${msg('Sign in')}</a>`
    }
    return html`
      <a class="who" href="/account" aria-label=${msg(str`Your account: ${viewer.first_name || viewer.email}`)} aria-current=${this.path === '/account' ? 'page' : nothing}>${icon('user')}<span>${viewer.first_name || viewer.email}</span></a>
      <button @click=${this.#signOut}>${msg('Sign out')}</button>
    `
  }

  protected override render() {
    const themeNames: Record<Theme, string> = { auto: msg('as the system'), light: msg('light'), dark: msg('dark') }
    const themeLabel = msg(str`Theme: ${themeNames[this.theme]}. Change`)
    const other = this.#otherLocale()
    const { viewer } = this.#session
    return html`
      <a class="skip" href="#outlet">${msg('Skip to content')}</a>
      <header class="bar">
        <a class="brand" href="/" aria-label="Ustat"><img src="/favicon.svg" alt="" width="30" height="30" /><span>Ustat</span></a>
        <nav aria-label=${msg('Main')}>${this.#link('/', msg('Watch'))}${this.#link('/courses', msg('Courses'))}${this.#teaching()}</nav>
        <div class="tools">
          <button lang=${other} aria-label=${locales[other]} title=${locales[other]} @click=${() => chooseLocale(other)}>
            ${other.toUpperCase()}
          </button>
          <button aria-label=${themeLabel} title=${themeLabel} @click=${this.#nextTheme}>${icon(themeIcons[this.theme])}</button>
          <notice-bell .person=${viewer === null ? null : viewer?.id}></notice-bell>
          ${this.#viewer()}
        </div>
      </header>
    `
  }
}
customElements.define('app-header', AppHeader)

declare global {
  interface HTMLElementTagNameMap {
    'app-header': AppHeader
  }
}
