import { css, LitElement } from 'lit'
import { unsafeHTML } from 'lit/directives/unsafe-html.js'
import { base } from './styles.ts'

/**
 * Text with markup that a person wrote and the API has cleaned (server/http/sanitize.ts), in a style of its own: nothing in it
 * reaches the page around it, and nothing of it is wider than its column.
 */
export class RichHtml extends LitElement {
  static override styles = [
    base,
    css`
      :host { contain: content; max-width: 72ch; overflow-wrap: anywhere; line-height: 1.65 }
      p, ul, ol, blockquote, pre, table, figure { margin: 0 0 1em }
      h2, h3, h4 { margin: 1.4em 0 0.5em }
      h4 { font-size: 1rem }
      ul { list-style: disc; padding-left: 1.4em }
      ol { list-style: decimal; padding-left: 1.6em }
      li { margin-bottom: 0.3em }
      blockquote { padding-left: 1em; border-left: 3px solid var(--accent); color: var(--ink-soft) }
      pre { padding: 14px 16px; border-radius: var(--radius-small); background: var(--sunken); overflow-x: auto; overflow-wrap: normal }
      code { font-family: var(--mono); font-size: 0.92em }
      :not(pre) > code { padding: 1px 5px; border-radius: 4px; background: var(--sunken) }
      img { max-width: 100%; height: auto; border-radius: var(--radius-small) }
      table { display: block; overflow-x: auto; border-collapse: collapse }
      th, td { padding: 6px 12px; border: 1px solid var(--line); text-align: left }
      hr { border: 0; border-top: 1px solid var(--line); margin: 1.6em 0 }
      :first-child { margin-top: 0 }
      :last-child { margin-bottom: 0 }
    `,
  ]
  static override properties = { text: {} }

  /** HTML that the API has cleaned. */
  declare text: string

  constructor() {
    super()
    this.text = ''
  }

  protected override render() {
    return unsafeHTML(this.text)
  }
}
customElements.define('rich-html', RichHtml)

declare global {
  interface HTMLElementTagNameMap {
    'rich-html': RichHtml
  }
}
