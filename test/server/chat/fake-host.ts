import type { ChatHost } from '../../../server/chat/host.ts'
import { type Present, type Rank, type RoomSettings, ranks } from '../../../server/chat/protocol.ts'

export const SECRET = 'c'.repeat(40)

/** The platform as the hub sees it: everybody may read everything, and people have the ranks that a test gives them. */
export class FakeHost implements ChatHost {
  readonly ranks = new Map<string, Rank>()
  readonly closedRooms = new Set<string>()
  /** Whose accounts are closed. */
  readonly shutOut = new Set<string>()
  readonly blockedTerms: string[] = []
  readonly bans: { uid: string; untilMs: number }[] = []
  readonly emotes: string[] = []
  readonly people: Present[] = []
  readonly settings: RoomSettings = { slow: 0, mode: 'all', frozen: false, notices: 'everyone', emotes: 0 }
  isAway = false
  /** It answers what nobody can read. */
  isBroken = false
  /** Of whoever has no other. */
  usualRank: Rank = ranks.member

  async rules(room: string) {
    if (this.isAway) throw new Error('the api is away')
    if (this.isBroken) throw new TypeError('that should not have happened')
    if (room.startsWith('no-')) return null
    return { blockedTerms: this.blockedTerms, emotes: this.emotes, settings: this.settings, bans: this.bans }
  }

  async place(room: string, uid: string | null) {
    if (this.isAway) throw new Error('the api is away')
    if (uid !== null && this.shutOut.has(uid)) return null
    if (this.closedRooms.has(room) && !this.ranks.has(`${room} ${uid}`)) return null
    const rank = uid === null ? ranks.guest : (this.ranks.get(`${room} ${uid}`) ?? this.usualRank)
    return { rank, modes: ['all' as const, 'emote' as const] }
  }

  async present() {
    return { people: this.people, guests: 0 }
  }
}
