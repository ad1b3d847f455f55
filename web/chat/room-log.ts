import type { ChatLine, RoomSettings } from '../../server/chat/protocol.ts'

/** So many stay in memory; whoever scrolls up gets older ones back from the server. */
const KEPT = 400
/** While somebody reads further up, nothing is taken from under their eyes before there are this many. */
const KEPT_WHILE_READING = 4000

/** A line on the page. */
export interface Entry {
  /** Where it stands on this page: older ones have lower numbers, also across epochs. */
  id: number
  /** With the line's number it names the message. */
  e: string
  line: ChatLine
  /** Where the platform keeps it; of those that came from there. */
  messageId?: number
}

/** A line, by what it is known by everywhere. */
export interface LinePlace {
  e: string
  s: number
}

/**
 * What was said in a room, in order and once, as its lines say: also what was taken away again.
 *
 * `entries` is replaced, never changed: who compares it knows whether something is new.
 */
export class RoomLog {
  entries: readonly Entry[] = []
  epoch = ''
  /** The number of the newest line that was taken. */
  last = 0
  /** Everything from this line on is here, as far as it is shown; null before anything is. */
  oldest: LinePlace | null = null
  pin: ChatLine | null = null
  settings: RoomSettings = { slow: 0, mode: 'all', frozen: false, notices: 'moderators', emotes: 0 }
  /** Who was silenced while we looked: until when, 0 for ever. */
  readonly silenced = new Map<string, number>()
  #nextId = 0
  #firstId = 0

  /** @param epoch of the lines that come; another one than before voids what is here */
  begin(epoch: string): void {
    this.entries = []
    this.pin = null
    this.epoch = epoch
    this.last = 0
    this.oldest = null
  }

  /** False when lines are missing before one of them: those after it were not taken. */
  takeAll(lines: readonly ChatLine[], isReading: boolean): boolean {
    const fresh: ChatLine[] = []
    let isWhole = true
    for (const line of lines) {
      if (line.s > this.last + 1) {
        isWhole = false
        break
      }
      if (line.s > this.last) {
        this.last = line.s
        fresh.push(line)
      }
    }
    this.#add(fresh, isReading)
    return isWhole
  }

  /** What a join showed, where numbers may be missing: of what is deleted, or shown to nobody. */
  takeSnapshot(lines: readonly ChatLine[], last: number, isReading: boolean): void {
    this.oldest ??= { e: this.epoch, s: lines[0]?.s ?? last + 1 }
    this.#add(
      lines.filter(({ s }) => s > this.last),
      isReading,
    )
    this.last = Math.max(this.last, last)
  }

  /** Older messages, oldest first. What is here already is left out. */
  prepend(older: readonly Omit<Entry, 'id'>[]): void {
    const known = new Set(this.entries.map(({ e, line }) => `${e}:${line.s}`))
    const added = older.filter(({ e, line }) => line.k === 'msg' && !known.has(`${e}:${line.s}`))
    const [first] = older
    if (first) this.oldest = { e: first.e, s: first.line.s }
    this.#firstId -= added.length
    this.entries = [...added.map((entry, index) => ({ ...entry, id: this.#firstId + index })), ...this.entries]
  }

  /** One of an older epoch was deleted: no line says so. */
  remove(id: number): void {
    this.entries = this.entries.filter((entry) => entry.id !== id)
  }

  /** The message of the running epoch with that number. */
  find(s: number): Entry | undefined {
    return this.entries.find(({ e, line }) => line.s === s && line.k === 'msg' && e === this.epoch)
  }

  #add(lines: readonly ChatLine[], isReading: boolean): void {
    if (lines.length === 0) return
    let entries = this.entries
    for (const line of lines) {
      if (line.k === 'del') entries = entries.filter(({ e, line: { s } }) => e !== this.epoch || s !== line.of)
      if (line.k === 'purge') entries = entries.filter(({ line: { u, k } }) => k !== 'msg' || u !== line.u)
      const before = this.settings
      this.#apply(line)
      if (isShown(line, before))
        entries = [...entries, { id: this.#nextId++, e: this.epoch, line: named(line, entries) }]
    }
    const kept = isReading ? KEPT_WHILE_READING : KEPT
    this.entries = entries.slice(-kept)
    const [first] = this.entries
    if (first && entries.length > kept) this.oldest = { e: first.e, s: first.line.s }
  }

  #apply(line: ChatLine): void {
    if (line.k === 'set' && line.set) this.settings = line.set
    if (line.k === 'pin') this.pin = line.of == null ? null : { ...line, s: line.of, k: 'msg' }
    const isPinGone = line.k === 'del' ? this.pin?.s === line.of : line.k === 'purge' && this.pin?.u === line.u
    if (isPinGone) this.pin = null
    if (line.k !== 'sys' || !line.u) return
    if (line.b === 'ban' || line.b === 'timeout') this.silenced.set(line.u, 0)
    if (line.b === 'unban') this.silenced.delete(line.u)
  }
}

/** The others say something about lines, or about what holds nobody back, and are none to read. */
function isShown({ k, set }: ChatLine, before: RoomSettings): boolean {
  if (k !== 'set' || !set) return k === 'msg' || k === 'sys'
  return set.slow !== before.slow || set.mode !== before.mode || set.frozen !== before.frozen
}

/** With the name of the person that it speaks of, as they were last seen to write it. */
function named(line: ChatLine, entries: readonly Entry[]): ChatLine {
  if (line.k !== 'sys' || line.n) return line
  const n = entries.findLast((entry) => entry.line.u === line.u && entry.line.n)?.line.n
  return n ? { ...line, n } : line
}
