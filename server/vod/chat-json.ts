import { z } from 'zod'
import type { Audience, Playback } from './playback.ts'
import type { Recording } from './recording.ts'

/** Of a recording, and of a lesson that is made of one. */
export const chatJson = {
  /**
   * Template (RFC 6570) of the files that the show's chat is in, signed for this viewer; `piece` counts from 0, ten minutes of
   * the recording each. Null until it is written. They change when a message is deleted.
   */
  chat_url: z.string().nullable(),
  chat_pieces: z.int(),
}

/** Where the chat of a recording is; null until it is written. */
export function presentChat(recording: Recording, playback: Playback, audience: Audience) {
  const { chatPieces, status } = recording
  const isThere = status === 'ready' && chatPieces > 0
  return {
    chat_url: isThere ? playback.ofRecording(recording, 'chat-{piece}.json', audience) : null,
    chat_pieces: isThere ? chatPieces : 0,
  }
}
