import type { ChatErrorCode } from '../../server/chat/protocol.ts'
import { Outbox, type Outgoing } from './outbox.ts'

const [RETRY_MS, UNHEARD_MS] = [2000, 5000]
/** Refused for a moment, and not for what was said: it goes out again by itself. */
const temporary: ReadonlySet<ChatErrorCode> = new Set(['unavailable', 'internal', 'room_busy', 'rate_limited'])

/**
 * Gets what the person wrote to the hub, however often it must be said. The hub knows each by its cid: what it has already is
 * not said twice. Of each there is one next time, at most: a room that is busy is not made busier by those who wait.
 */
export class Sending {
  readonly outbox = new Outbox()
  readonly #out: (message: Outgoing) => boolean
  /** By cid: when it is said again. */
  readonly #next = new Map<string, ReturnType<typeof setTimeout>>()

  /** @param out says it to the hub; false when nobody is there to hear it, and `sayAll` will be asked for */
  constructor(out: (message: Outgoing) => boolean) {
    this.#out = out
  }

  say(message: Outgoing): void {
    // A hub that is flooded drops frames unread.
    if (this.#out(message)) this.#sayAgain(message.cid, UNHEARD_MS)
  }

  /** The hub has let us in. */
  sayAll(): void {
    for (const message of this.outbox.messages) if (message.refusal === null) this.say(message)
  }

  /** @returns whether it was one of ours */
  acknowledged(cid: string): boolean {
    this.#forget(cid)
    const isOurs = this.outbox.find(cid) !== undefined
    if (isOurs) this.outbox.remove(cid)
    return isOurs
  }

  /** @returns whether it was one of ours, and stays refused */
  refused(cid: string, code: ChatErrorCode, retryMs: number | undefined): boolean {
    if (!this.outbox.find(cid)) return false
    if (temporary.has(code)) {
      // Still on its way, should it have gone out after all.
      this.#sayAgain(cid, retryMs ?? RETRY_MS)
      return false
    }
    this.#forget(cid)
    this.outbox.refuse(cid, code)
    return true
  }

  #sayAgain(cid: string, afterMs: number): void {
    this.#forget(cid)
    const again = () => {
      this.#next.delete(cid)
      const message = this.outbox.find(cid)
      if (message?.refusal === null) this.say(message)
    }
    this.#next.set(cid, setTimeout(again, afterMs))
  }

  #forget(cid: string): void {
    clearTimeout(this.#next.get(cid))
    this.#next.delete(cid)
  }
}
