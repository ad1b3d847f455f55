import { msg } from '@lit/localize'
import { html, nothing, type TemplateResult } from 'lit'
import type { ChatRoom } from './chat-room.ts'
import { refusalText } from './chat-words.ts'

/** Above the oldest message that is here: how it stands with those before it. */
export function listHead(chat: ChatRoom): TemplateResult | typeof nothing {
  const button = (words: string) =>
    html`<li class="head"><button type="button" class="plain" @click=${() => void chat.loadOlder()}>${words}</button></li>`
  switch (chat.hasJoined ? chat.history : null) {
    case 'all':
      return html`<li class="head">${msg('The beginning of the chat')}</li>`
    case 'failed':
      return button(msg('Older messages did not come. Try again'))
    case 'loading':
      return html`<li class="head" role="status">${msg('Older messages are coming…')}</li>`
    case 'idle':
      return button(msg('Older messages'))
    default:
      return nothing
  }
}

/** Where there is nothing, or nothing for this reader. */
export function emptyList({ refusal, hasJoined }: ChatRoom): TemplateResult {
  const words = refusal ? refusalText(refusal) : hasJoined ? msg('Nothing said yet. Be the first.') : ''
  return html`<p class="empty">${words}</p>`
}

export function isSameDay(oneMs: number, otherMs: number): boolean {
  return new Date(oneMs).toDateString() === new Date(otherMs).toDateString()
}
