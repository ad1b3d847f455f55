import { css, html, LitElement, nothing } from 'lit'
import { face, faceStyles } from './face.ts'
import { icon } from './icons.ts'
import { picture } from './picture.ts'
import { base, liveBadge } from './styles.ts'

/** One column on a phone, two on a tablet, then about 300 pixels. */
const STILL = {
  sizes: '(max-width: 600px) calc(100vw - 32px), (max-width: 900px) 45vw, 320px',
  width: 640,
  height: 360,
  class: 'still',
}

/**
 * A show or a recording as a picture with words under it; the whole card is one link.
 *
 * @slot - Words under the title.
 * @slot badge - Top left on the picture.
 */
export class MediaCard extends LitElement {
  static override styles = [
    base,
    liveBadge,
    faceStyles,
    css`
      a { display: block; color: inherit; text-decoration: none; border-radius: var(--radius) }
      .picture { position: relative; aspect-ratio: 16 / 9; border-radius: var(--radius); overflow: hidden; background: var(--sunken); display: grid; place-items: center; color: var(--ink-soft) }
      .still { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; transition: transform 0.3s }
      a:hover .still { transform: scale(1.025) }
      a:hover h3 { color: var(--accent) }
      .badge { position: absolute; left: 10px; top: 10px; display: flex; gap: 6px }
      .corner { position: absolute; right: 10px; bottom: 10px; padding: 1px 7px; border-radius: 6px; background: rgb(12 18 16 / 82%); color: #fff; font-size: 0.8125rem; font-variant-numeric: tabular-nums }
      .text { display: flex; align-items: start; gap: 12px; margin-top: 12px; --face: 36px }
      .text > div { min-width: 0 }
      h3 { overflow-wrap: anywhere; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; line-height: 1.35 }
      .words { margin-top: 4px }
      @media (prefers-reduced-motion: reduce) { a:hover .still { transform: none } }
    `,
  ]
  static override properties = {
    href: {},
    heading: {},
    picture: {},
    widths: { attribute: false },
    corner: {},
    channel: { attribute: false },
  }

  declare href: string
  declare heading: string
  /** URL; a plain surface without one, or when it cannot be loaded. */
  declare picture: string | null
  /** In which the picture is there; none of one that is there in one size alone. */
  declare widths: readonly number[]
  /** Bottom right on the picture. */
  declare corner: string
  /** Whose it is, where it stands among those of others. */
  declare channel: { title: string; picture: string | null } | null

  constructor() {
    super()
    this.href = ''
    this.heading = ''
    this.picture = null
    this.widths = []
    this.corner = ''
    this.channel = null
  }

  protected override render() {
    return html`<a href=${this.href}>
      <div class="picture">
        ${icon('play', 32)}
        ${this.picture ? picture(this.picture, { ...STILL, widths: this.widths }) : nothing}
        <div class="badge"><slot name="badge"></slot></div>
        ${this.corner ? html`<span class="corner">${this.corner}</span>` : nothing}
      </div>
      <div class="text">
        ${this.channel ? face(this.channel.title, this.channel.picture, 36) : nothing}
        <div>
          <h3>${this.heading}</h3>
          <p class="words soft small"><slot></slot></p>
        </div>
      </div>
    </a>`
  }
}
customElements.define('media-card', MediaCard)

declare global {
  interface HTMLElementTagNameMap {
    'media-card': MediaCard
  }
}
