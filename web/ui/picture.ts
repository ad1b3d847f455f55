import { html, nothing, type TemplateResult } from 'lit'

/** Its last part is the widths it is there in, smallest first; the platform's own pictures have such names. */
const sized = /^(.*\/[0-9a-f]{24})((?:-\d{1,4})+)\.webp$/

interface Sizes {
  /** Without the width and the ending. */
  stem: string
  widths: number[]
}

function sizesOf(url: string): Sizes | null {
  const [, stem, list = ''] = sized.exec(url) ?? []
  return stem ? { stem, widths: list.slice(1).split('-').map(Number) } : null
}

/** What `srcset` says of a picture; null of one that is there in one size alone. */
export function sourceSet(url: string, format: 'webp' | 'avif'): string | null {
  const sizes = sizesOf(url)
  if (!sizes) return null
  const { stem, widths } = sizes
  const addressOf = (width: number) =>
    format === 'webp' && width === widths.at(-1) ? url : `${stem}-${width}.${format}`
  return widths.map((width) => `${addressOf(width)} ${width}w`).join(', ')
}

/** The smallest that fills so many pixels of CSS on a screen of double density; for small faces in long lists. */
export function smallPicture(url: string, cssPixels: number): string {
  const sizes = sizesOf(url)
  const width = sizes?.widths.find((width) => width >= cssPixels * 2)
  return !sizes || !width || width === sizes.widths.at(-1) ? url : `${sizes.stem}-${width}.webp`
}

interface PictureOptions {
  /** As in HTML: how wide it is shown. */
  sizes: string
  /** Its shape, so that nothing moves when it comes. */
  width: number
  height: number
  alt?: string
  class?: string
  /** What the page is about: asked for at once, before others. */
  isFirst?: boolean
}

/**
 * A picture in the format and the width that the browser wants; as it is, when it is from elsewhere or from before there
 * were sizes. One that cannot be loaded goes, and what is behind it is seen.
 */
export function picture(
  url: string,
  { sizes, width, height, alt = '', isFirst, ...rest }: PictureOptions,
): TemplateResult {
  const avif = sourceSet(url, 'avif')
  const shown = isFirst ? sizes : `auto, ${sizes}`
  return html`<picture style="display: contents">
    ${avif ? html`<source type="image/avif" srcset=${avif} sizes=${shown} />` : nothing}
    <img
      class=${rest.class ?? nothing}
      alt=${alt}
      width=${width}
      height=${height}
      loading=${isFirst ? 'eager' : 'lazy'}
      fetchpriority=${isFirst ? 'high' : nothing}
      decoding="async"
      sizes=${avif ? shown : nothing}
      srcset=${sourceSet(url, 'webp') ?? nothing}
      src=${url}
      @error=${hide}
      @load=${show}
    />
  </picture>`
}

function hide({ target }: Event): void {
  ;(target as HTMLImageElement).hidden = true
}

function show({ target }: Event): void {
  ;(target as HTMLImageElement).hidden = false
}
