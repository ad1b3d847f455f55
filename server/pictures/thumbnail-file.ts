import { z } from 'zod'

/** The picture of a recording or a video, among its other files. */
export const THUMBNAIL = 'thumbnail.jpg'

/** Where it is in another width, beside it. */
export function thumbnailFile(width: number, format: 'webp' | 'avif'): string {
  return `thumbnail-${width}.${format}`
}

/** Of a recording, a video, and a lesson that is made of one. */
export const thumbnailWidths = z.array(z.int()).meta({
  description:
    'Pixels across in which the thumbnail is there also as AVIF and WebP, smallest first: `thumbnail-<width>.avif` and `.webp` in place of `thumbnail.jpg`. Empty until they are made, while a show runs, and of older ones.',
})
