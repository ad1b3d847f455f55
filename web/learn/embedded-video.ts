import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { type Embed, embedOf, positionIn } from './embed.ts'

/**
 * A video of another site. Nothing is asked of that site before the visitor says so; one that cannot be shown here is a link.
 *
 * @fires position - The video plays; `seconds` is where it is.
 */
export class EmbeddedVideo extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      .stage { display: grid; place-content: center; justify-items: center; gap: 16px; aspect-ratio: 16 / 9; width: 100%; max-height: 70vh; padding: 24px; border-radius: var(--player-radius, 18px); background: radial-gradient(circle at 50% 20%, #22332e, #0b100f); color: #eef3f1; text-align: center }
      .stage p { max-width: 34em; text-wrap: balance }
      .stage .button { background: #5fd0b6; color: #05231d }
      .stage a:not(.button) { color: #a7e6d7 }
      iframe { display: block; width: 100%; aspect-ratio: 16 / 9; max-height: 78vh; border: 0; border-radius: var(--player-radius, 18px); background: #000 }
      .elsewhere { margin-top: 8px }
    `,
  ]
  static override properties = { src: {}, isWanted: { state: true } }

  /** Its address, as its author wrote it. */
  declare src: string
  declare isWanted: boolean
  seconds = 0

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.src = ''
    this.isWanted = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    window.addEventListener('message', this.#onMessage)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    window.removeEventListener('message', this.#onMessage)
  }

  protected override willUpdate(changed: Map<string, unknown>): void {
    if (changed.has('src')) this.isWanted = false
  }

  readonly #onMessage = (event: MessageEvent): void => {
    const frame = this.renderRoot.querySelector('iframe')
    if (!frame || event.source !== frame.contentWindow || event.origin !== embedOf(this.src)?.origin) return
    const seconds = positionIn(event.data)
    // The same again: it stands.
    if (seconds === null || seconds === this.seconds) return
    this.seconds = seconds
    this.dispatchEvent(new Event('position'))
  }

  #onLoad({ hello, origin }: Embed): void {
    const frame = this.renderRoot.querySelector('iframe')?.contentWindow
    if (hello) frame?.postMessage(JSON.stringify(hello), origin)
  }

  protected override render() {
    const embed = embedOf(this.src)
    const host = URL.parse(this.src)?.hostname ?? this.src
    const link = (words: string, style = '') =>
      html`<a class=${style} href=${this.src} target="_blank" rel="noopener noreferrer nofollow">${words}</a>`
    if (!embed) {
      return html`<div class="stage">${icon('play', 44)}<p>${msg(str`The video of this lesson is at ${host}.`)}</p>${link(msg('Open it in a new tab'), 'button')}</div>`
    }
    if (!this.isWanted) {
      return html`<div class="stage">
        ${icon('play', 44)}
        <p>${msg(str`The video comes from ${embed.site}, which learns that you watch it.`)}</p>
        <button class="button" @click=${() => (this.isWanted = true)}>${msg('Play it here')}</button>
        ${link(msg('Open it in a new tab'))}
      </div>`
    }
    return html`<iframe src=${embed.src} title=${msg(str`Video from ${embed.site}`)} allow="autoplay; encrypted-media; fullscreen; picture-in-picture"
        sandbox="allow-scripts allow-same-origin allow-presentation allow-popups" referrerpolicy="strict-origin-when-cross-origin" @load=${() => this.#onLoad(embed)}></iframe>
      <p class="small elsewhere">${link(msg('Open it in a new tab'))}</p>`
  }
}
customElements.define('embedded-video', EmbeddedVideo)

declare global {
  interface HTMLElementTagNameMap {
    'embedded-video': EmbeddedVideo
  }
}
