import { html, nothing, type TemplateResult } from 'lit'

/** Its last part is the widths it is there in, smallest first; the platform's own pictures have such names. */
const sized = /^(.*\/[0-9a-f]{24})((?:-\d{1,4})+)\.webp$/
/** One of a recording or a video, whose widths are told beside its address. */
const thumbnail = /^(.*\/thumbnail)\.jpg$/

interface Sizes {
  /** Without the width and the ending. */
  stem: string
  widths: readonly number[]
  /** What the address itself is. */
  itself: 'webp' | 'jpeg'
}

function sizesOf(url: string, told: readonly number[] = []): Sizes | null {
  const [, still] = thumbnail.exec(url) ?? []
  if (still && told.length > 0) return { stem: still, widths: told, itself: 'jpeg' }
  const [, stem, list = ''] = sized.exec(url) ?? []
  return stem ? { stem, widths: list.slice(1).split('-').map(Number), itself: 'webp' } : null
}

/**
 * What `srcset` says of a picture; null of one that is there in one size alone.
 *
 * @param told the widths of a thumbnail
 */
export function sourceSet(url: string, format: 'webp' | 'avif', told?: readonly number[]): string | null {
  const sizes = sizesOf(url, told)
  if (!sizes) return null
  const { stem, widths, itself } = sizes
  const addressOf = (width: number) =>
    format === itself && width === widths.at(-1) ? url : `${stem}-${width}.${format}`
  return widths.map((width) => `${addressOf(width)} ${width}w`).join(', ')
}

/** The smallest that fills so many pixels of CSS on a screen of double density; for small faces in long lists. */
export function smallPicture(url: string, cssPixels: number): string {
  const sizes = sizesOf(url)
  const width = sizes?.widths.find((width) => width >= cssPixels * 2)
  return !sizes || !width || width === sizes.widths.at(-1) ? url : `${sizes.stem}-${width}.webp`
}

/**
 * What a player shows before it plays, which takes one address: as wide as this screen can use, as WebP where there is one.
 *
 * @param widths in which the thumbnail is there, smallest first
 */
export function poster(
  url: string | null,
  widths: readonly number[],
  pixels = globalThis.innerWidth * globalThis.devicePixelRatio,
): string | null {
  const width = widths.find((width) => width >= pixels) ?? widths.at(-1)
  return url && width ? url.replace(thumbnail, `$1-${width}.webp`) : url
}

interface PictureOptions {
  /** As in HTML: how wide it is shown. */
  sizes: string
  /** Of a thumbnail: in which it is there. */
  widths?: readonly number[]
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
  { sizes, widths, width, height, alt = '', isFirst, ...rest }: PictureOptions,
): TemplateResult {
  const avif = sourceSet(url, 'avif', widths)
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
      srcset=${sourceSet(url, 'webp', widths) ?? nothing}
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
