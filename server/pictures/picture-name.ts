/** Where pictures of a kind are, in how many pixels across they are kept, and their shape as width to height. */
export const pictureKinds = {
  courses: { widths: [400, 800, 1280], ratio: 16 / 9 },
  avatars: { widths: [96, 256, 512], ratio: 1 },
  channels: { widths: [96, 256, 512], ratio: 1 },
} as const
export type PictureKind = keyof typeof pictureKinds

const name = /^(public\/[a-z]+\/[0-9a-f]{24})((?:-\d{1,4})+)\.webp$/

/** An object of a picture: one width in one format. */
interface PictureObject {
  key: string
  width: number
  format: 'webp' | 'avif'
}

/**
 * The key that stands for a picture says in which widths it is there, so whoever has it knows the others; it is itself
 * the widest as WebP, for whoever looks no further:
 *
 *   public/courses/<id>-400-800-1280.webp   1280 across
 *   public/courses/<id>-400.webp            and 800
 *   public/courses/<id>-400.avif            and 800, 1280
 *
 * @param widths smallest first
 */
export function pictureKey(kind: PictureKind, id: string, widths: readonly number[]): string {
  return `public/${kind}/${id}-${widths.join('-')}.webp`
}

/** What is in the store for a picture; of one from before there were sizes the key alone. */
export function objectsOfPicture(key: string): PictureObject[] {
  const [, stem, list = ''] = name.exec(key) ?? []
  if (!stem) return [{ key, width: 0, format: 'webp' }]
  const widths = list.slice(1).split('-').map(Number)
  const widest = widths.at(-1)
  return widths.flatMap((width) => [
    { key: width === widest ? key : `${stem}-${width}.webp`, width, format: 'webp' as const },
    { key: `${stem}-${width}.avif`, width, format: 'avif' as const },
  ])
}

export function keysOfPicture(key: string): string[] {
  return objectsOfPicture(key).map((object) => object.key)
}
