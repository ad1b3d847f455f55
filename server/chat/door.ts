import type { Revocations } from '../../media/storage/revocations.ts'
import type { Admission } from './admission.ts'
import type { HubRooms } from './hub-rooms.ts'
import { closeCodes } from './protocol.ts'
import { type ChatPerson, type ChatTicket, verifyChatTicket } from './ticket.ts'

export type Entry =
  | { ticket: ChatTicket; isReadOnly: boolean }
  /** Not let in: it is opened all the same, since only a close code tells a browser why. */
  | { closeWith: number }

interface DoorOptions {
  ticketSecret: string
  revocations: Pick<Revocations, 'issuedBefore'>
  admission: Admission
  rooms: Pick<HubRooms, 'isUnused' | 'isShutOut'>
}

/** Who may come in, and who may no longer stay. It knows no socket. */
export class Door {
  readonly #options: DoorOptions

  constructor(options: DoorOptions) {
    this.#options = options
  }

  /** Takes a seat for whoever is let in, to be given back with `leave`. */
  async enter(token: string, address: string): Promise<Entry> {
    const { ticketSecret, admission, rooms } = this.#options
    const ticket = verifyChatTicket(token, ticketSecret)
    if (!ticket) return { closeWith: closeCodes.ticketExpired }
    if (this.isRevoked(ticket, ticket.issuedAt)) return { closeWith: await this.reasonOf(ticket) }
    let isReadOnly = false
    try {
      if (!(await rooms.isUnused(ticket))) return { closeWith: closeCodes.ticketExpired }
    } catch {
      // Nobody can say whether it was used before: who reads does no harm.
      isReadOnly = true
    }
    const closeWith = await admission.enter(ticket.uid, address, ticket.kind === 'resume')
    return closeWith === null ? { ticket, isReadOnly } : { closeWith }
  }

  leave(uid: string, address: string): void {
    this.#options.admission.exit(uid, address)
  }

  isRevoked({ uid, family }: Pick<ChatPerson, 'uid' | 'family'>, issuedAt: number): boolean {
    const id = uid.slice(2)
    return issuedAt < this.#options.revocations.issuedBefore(family === null ? `g${id}` : `u${id}s${family}`)
  }

  /** Signed out, who may sign in again; or shut out for good. */
  async reasonOf({ uid }: Pick<ChatPerson, 'uid'>): Promise<number> {
    try {
      return (await this.#options.rooms.isShutOut(uid)) ? closeCodes.banned : closeCodes.ticketExpired
    } catch {
      return closeCodes.ticketExpired
    }
  }
}
