import type { ChatErrorCode } from '../../server/chat/protocol.ts'
import { findUnsent, isRepeatable, keepUnsent, type UnsentMessage } from './unsent.ts'

/** What the person wrote and the room has not said back yet. */
export interface Outgoing extends UnsentMessage {
  /** Null while it is on its way. */
  refusal: ChatErrorCode | 'unsent' | null
}

/** What one person has written in one room: kept over a reload of the page until the room has said it back. */
export class Outbox {
  messages: readonly Outgoing[] = []
  /** What stands in the composer. */
  draft = ''
  #room = ''
  #person: number | null = null

  /** What was kept for them there; nothing for a guest. */
  open(room: string, person: number | null): void {
    this.#room = room
    this.#person = person
    const { draft, messages } = person === null || !room ? { draft: '', messages: [] } : findUnsent(room, person)
    this.draft = draft
    const nowMs = Date.now()
    this.messages = messages.map((message) => ({ ...message, refusal: isRepeatable(message, nowMs) ? null : 'unsent' }))
  }

  write(draft: string): void {
    this.draft = draft
    this.#keep()
  }

  add(message: Omit<UnsentMessage, 'cid' | 'sentAtMs'>): Outgoing {
    const added: Outgoing = { ...message, cid: crypto.randomUUID(), sentAtMs: Date.now(), refusal: null }
    this.messages = [...this.messages, added]
    this.write('')
    return added
  }

  find(cid: string): Outgoing | undefined {
    return this.messages.find((each) => each.cid === cid)
  }

  refuse(cid: string, refusal: ChatErrorCode): void {
    this.messages = this.messages.map((each) => (each.cid === cid ? { ...each, refusal } : each))
    this.#keep()
  }

  /** To be sent again: the same message for the hub, should it have gone out after all. */
  renew(message: Outgoing): Outgoing {
    const renewed: Outgoing = { ...message, refusal: null, sentAtMs: Date.now() }
    this.messages = this.messages.map((each) => (each.cid === message.cid ? renewed : each))
    this.#keep()
    return renewed
  }

  remove(cid: string): void {
    this.messages = this.messages.filter((each) => each.cid !== cid)
    this.#keep()
  }

  #keep(): void {
    if (this.#person === null) return
    const messages = this.messages.map(({ refusal: _refusal, ...message }) => message)
    keepUnsent(this.#room, this.#person, { draft: this.draft, messages })
  }
}
