import { msg, str } from '@lit/localize'
import type { ChatErrorCode } from '../../server/chat/protocol.ts'
import type { ConnectionState } from './chat-connection.ts'

/** Why a message did not go out, and what to do. */
export function refusalText(code: ChatErrorCode): string {
  const sentences: Partial<Record<ChatErrorCode, string>> = {
    read_only: msg('Sign in to write.'),
    banned: msg('You cannot write in this chat.'),
    timed_out: msg('You cannot write for a while.'),
    slow_mode: msg('Slow mode: wait before the next message.'),
    rate_limited: msg('Too fast. Wait a second.'),
    room_busy: msg('Very many write at once. Try again.'),
    blocked_term: msg('There is a word in it that is blocked here.'),
    chat_closed: msg('The chat is closed for now.'),
    not_member: msg('Only some may write right now.'),
    too_large: msg('This message is too long.'),
    bad_field: msg('This message is empty or too long.'),
    forbidden: msg('This chat is for those who are enrolled.'),
    unauthorized: msg('Sign in to see this chat.'),
    room_not_found: msg('There is no chat here.'),
  }
  return sentences[code] ?? msg('It did not go out. Try again.')
}

/** What the person is told of the connection; nothing while all is well. */
export function connectionText(state: ConnectionState, closedWith: number | null): string {
  if (state === 'connecting') return msg('Connecting…')
  if (state === 'waiting') return msg('The connection was lost. Coming back…')
  if (state === 'degraded') return msg('The chat has trouble right now. What you write goes out when it is over.')
  if (state !== 'closed') return ''
  if (closedWith === 4409) return msg('The chat is open in too many tabs. Close some and reload.')
  return closedWith === 4403 ? msg('You cannot use this chat.') : msg('The chat was closed. Reload the page.')
}

export function slowText(seconds: number): string {
  return msg(str`Slow mode: ${seconds} s`)
}
