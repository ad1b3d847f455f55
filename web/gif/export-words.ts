import { msg } from '@lit/localize'
import type { ApiError } from '../api.ts'
import { errorText } from '../ui/notice-box.ts'

/** Why nothing came of it, and what to do. */
export function exportFailureText(failure: string): string {
  switch (failure) {
    case 'not_media':
      return msg('This is not a video or sound file that we know. MP4, MOV, WebM, MKV and AVI work.')
    case 'export_without_picture':
      return msg('There is no picture in it. Choose MP3.')
    case 'export_without_sound':
      return msg('There is no sound in it. Choose another format.')
    case 'export_out_of_range':
      return msg('It ends before the piece begins. Choose an earlier beginning.')
    case 'picture_too_large':
      return msg('Its picture is larger than 8K. Choose a smaller file.')
    case 'media_too_long':
      return msg('It is longer than 12 hours. Choose a shorter file.')
    case 'broadcast_not_found':
      return msg('The show has ended meanwhile. Cut the piece out of its recording.')
    case 'video_not_found':
    case 'recording_not_found':
    case 'file_missing':
      return msg('It was deleted meanwhile.')
    case 'export_abandoned':
      return msg('The server was in trouble for too long. Make it again.')
    default:
      return msg('The file is damaged there: nothing came out of it. Try another piece, or another file.')
  }
}

/** Of a request that was refused. */
export function exportErrorText(error: ApiError): string {
  if (error.code === 'file_too_large' || error.code === 'body_too_large' || error.status === 413) {
    return msg('The file is too large: at most 200 MB. Choose a smaller one.')
  }
  if (error.code === 'file_type_refused') return exportFailureText('not_media')
  if (error.status === 429) return msg('Those were five files within an hour. Try again later.')
  if (error.status === 404) return msg('The file is no longer there: it is kept for a day. Make it again.')
  return errorText(error)
}
