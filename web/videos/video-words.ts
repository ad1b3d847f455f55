import { msg, str } from '@lit/localize'
import type { VideoJson } from '../../server/videos/contract.ts'
import { sizeText } from '../ui/format.ts'

/** What is wrong with a file, and what to do about it. */
export function failureText(failure: string): string {
  switch (failure) {
    case 'not_media':
      return msg('This is not a video or sound file that we know. MP4, MOV, WebM, MKV and AVI work.')
    case 'media_too_long':
      return msg('It is longer than 12 hours. Cut it into parts and upload those.')
    case 'picture_too_large':
      return msg('Its picture is larger than 8K. Export it smaller and upload that.')
    default:
      return msg(
        'The file is damaged: nothing playable came out of it. Check that it plays on your device, then upload it again.',
      )
  }
}

export type Visibility = VideoJson['visibility']

export function visibilityText(visibility: Visibility): string {
  switch (visibility) {
    case 'public':
      return msg('Everyone')
    case 'unlisted':
      return msg('Everyone who has the link')
    case 'enrolled':
      return msg('Learners of the courses that use it')
  }
}

/** `1.2 MB/s`. */
export function rateText(bytesPerSecond: number): string {
  const rate = sizeText(bytesPerSecond)
  return msg(str`${rate}/s`)
}
