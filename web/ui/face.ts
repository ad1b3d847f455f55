import { css, html, nothing, type TemplateResult } from 'lit'
import { picture } from './picture.ts'

/** For whoever shows faces; `--face` is how large they are. */
export const faceStyles = css`
  .face { position: relative; flex: none; width: var(--face, 40px); height: var(--face, 40px); border-radius: 50%; overflow: hidden; display: grid; place-items: center; background: var(--accent-tint); color: var(--accent); font-size: calc(var(--face, 40px) * 0.42); font-weight: 700; line-height: 1; text-transform: uppercase }
  .face img { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; background: var(--surface) }
`

/**
 * The picture of a person or a channel, beside their name; the name's first letter without one, or when it cannot be
 * loaded.
 *
 * @param pixels how large it is shown
 */
export function face(name: string, url: string | null, pixels: number): TemplateResult {
  return html`<span class="face" aria-hidden="true">
    ${[...name][0] ?? ''}${url ? picture(url, { sizes: `${pixels}px`, width: pixels, height: pixels }) : nothing}
  </span>`
}
