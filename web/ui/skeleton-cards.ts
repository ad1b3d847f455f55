import { css, html, LitElement } from 'lit'
import { base, cardGrid } from './styles.ts'

/** Where cards will be, while they load. */
export class SkeletonCards extends LitElement {
  static override styles = [
    base,
    cardGrid,
    css`
      .bone { border-radius: var(--radius); background: linear-gradient(100deg, var(--sunken) 40%, var(--line) 50%, var(--sunken) 60%) 0 0 / 300% 100%; animation: shimmer 1.6s linear infinite }
      .picture { aspect-ratio: 16 / 9 }
      .line { height: 14px; margin-top: 14px; border-radius: 6px; width: 80% }
      .short { width: 45%; margin-top: 10px }
      @keyframes shimmer { from { background-position: 100% 0 } to { background-position: 0 0 } }
    `,
  ]
  static override properties = { count: { type: Number } }

  declare count: number

  constructor() {
    super()
    this.count = 4
  }

  protected override render() {
    return html`<div class="grid" aria-hidden="true">
      ${Array.from({ length: this.count }, () => html`<div><div class="bone picture"></div><div class="bone line"></div><div class="bone line short"></div></div>`)}
    </div>`
  }
}
customElements.define('skeleton-cards', SkeletonCards)

declare global {
  interface HTMLElementTagNameMap {
    'skeleton-cards': SkeletonCards
  }
}
