import { msg, str } from '@lit/localize'
import type { ChatErrorCode, ChatLine, RoomMode, RoomSettings } from '../../server/chat/protocol.ts'
import { currentLocale } from '../locale.ts'
import type { ConnectionState } from './chat-connection.ts'

/** Why a message did not go out, and what to do. */
export function refusalText(code: ChatErrorCode | 'unsent'): string {
  const sentences: Partial<Record<ChatErrorCode | 'unsent', string>> = {
    unsent: msg('It may not have gone out before this page was loaded again.'),
    read_only: msg('Sign in to write.'),
    banned: msg('You cannot write in this chat.'),
    timed_out: msg('You cannot write for a while.'),
    slow_mode: msg('Slow mode: wait before the next message.'),
    rate_limited: msg('Too fast. Wait a second.'),
    room_busy: msg('Very many write at once. Try again.'),
    blocked_term: msg('There is a word in it that is blocked here.'),
    chat_closed: msg('The chat is closed for now.'),
    emote_only: msg('Only emoji may be written right now.'),
    not_member: msg('Only some may write right now.'),
    too_large: msg('This message is too long.'),
    bad_field: msg('This message is empty or too long.'),
    forbidden: msg('This chat is for those who are enrolled.'),
    unauthorized: msg('Sign in to see this chat.'),
    room_not_found: msg('There is no chat here.'),
  }
  return sentences[code] ?? msg('It did not go out. Try again.')
}

/** Why something that a moderator wanted was not done. */
export function deedRefusalText(code: ChatErrorCode): string {
  if (code === 'forbidden') return msg('You may not do this to them.')
  return code === 'rate_limited' ? msg('Too fast. Wait a second.') : msg('It was not done. Try again.')
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

/** Who may write, as everybody is shown it. */
export function modeText(mode: RoomMode): string {
  const texts: Record<RoomMode, string> = {
    all: msg('Everybody may write'),
    followers: msg('Followers only'),
    enrolled: msg('Enrolled only'),
    emote: msg('Emoji only'),
    mods: msg('Moderators only'),
  }
  return texts[mode]
}

/** Settings that hold somebody back, in words; none when everybody may write as they like. */
export function settingsTexts({ slow, mode, frozen }: RoomSettings): string[] {
  return [
    ...(frozen ? [msg('The chat is closed for now')] : []),
    ...(mode === 'all' ? [] : [modeText(mode)]),
    ...(slow > 0 ? [msg(str`Slow mode: ${lengthText(slow)}`)] : []),
  ]
}

/** `30 sec`, `10 min`, `1 hr`. */
export function lengthText(seconds: number): string {
  const [value, unit] =
    seconds % 86_400 === 0
      ? [seconds / 86_400, 'day']
      : seconds % 3600 === 0
        ? [seconds / 3600, 'hour']
        : seconds % 60 === 0
          ? [seconds / 60, 'minute']
          : [seconds, 'second']
  return new Intl.NumberFormat(currentLocale(), { style: 'unit', unit: String(unit), unitDisplay: 'short' }).format(
    Number(value),
  )
}

/** A line that nobody wrote. */
export function systemText(line: ChatLine): string {
  const name = line.n || msg('Somebody')
  if (line.k === 'set' && line.set) {
    const texts = settingsTexts(line.set)
    return texts.length > 0 ? texts.join(' · ') : modeText('all')
  }
  switch (line.b) {
    case 'join':
      return msg(str`${name} is here`)
    case 'leave':
      return msg(str`${name} has left`)
    case 'ban':
      return msg(str`${name} was banned`)
    case 'unban':
      return msg(str`${name} may write again`)
    default:
      return msg(str`${name} may not write for a while`)
  }
}

/** `5 new messages`. */
export function newMessagesText(count: number): string {
  const shown = new Intl.NumberFormat(currentLocale()).format(count)
  switch (new Intl.PluralRules(currentLocale()).select(count)) {
    case 'one':
      return msg(str`${shown} new message`, { id: 'new-messages-one' })
    case 'few':
      return msg(str`${shown} new messages`, { id: 'new-messages-few' })
    case 'many':
      return msg(str`${shown} new messages`, { id: 'new-messages-many' })
    default:
      return msg(str`${shown} new messages`, { id: 'new-messages-other' })
  }
}
