import { Audience, type Section } from './audience.ts'
import type { ChatLine } from './protocol.ts'
import type { Room } from './room.ts'

/** Deliveries a second of one room on this node, above which lines are gathered into frames. */
const CALM_DELIVERIES = 50_000
/** And so many frames a second are written then, half of what a core can; everybody's turn comes within half a second. */
const GATHERED_FRAMES = 100_000
const LONGEST_ROUND_MS = 500
/** Kept under what uWebSockets sends in one piece with others. */
const FRAME_BYTES = 15_000

interface RoomSenderOptions {
  room: Room
  /** The ring must hold what is not sent yet: nobody is let fall further behind. */
  longestGap: number
  /** Sends one frame to everybody in a section of the room's audience. */
  publish(section: number, frame: string): void
  /** Told how old a line was when it was sent, milliseconds, and to how many. */
  onSent(lagMs: number, lines: number, connections: number): void
}

/**
 * Sends what a room has taken on to its audience, section by section: at the end of this turn while few are here and little is
 * said; else at a pace, so that frames gather lines.
 */
export class RoomSender implements Disposable {
  readonly audience = new Audience()
  readonly #options: RoomSenderOptions
  /** Ends the wait for the next section's turn. */
  #cancel: (() => void) | null = null
  #nextTurnAt = 0
  #linesPerSecond = 0
  #countedAtMs = 0

  constructor(options: RoomSenderOptions) {
    this.#options = options
  }

  /** The room has taken a line. */
  took(): void {
    this.#count()
    const { room, longestGap } = this.#options
    if (this.audience.sections.some(({ sent }) => room.last - sent >= longestGap)) this.flush()
    else this.flushSoon()
  }

  /** What is no line of the room, to everybody of it on this node. */
  tell(frame: string): void {
    for (const { number } of this.audience.sections) this.#options.publish(number, frame)
  }

  /** Everybody is sent all there is, now. */
  flush(): void {
    for (const section of this.audience.sections) this.#flush(section)
  }

  flushSoon(): void {
    if (this.#cancel) return
    const run = () => this.#flushNext()
    if (this.audience.size * this.#linesPerSecond <= CALM_DELIVERIES) {
      const turn = setImmediate(run)
      this.#cancel = () => clearImmediate(turn)
    } else {
      const turn = setTimeout(run, Math.max(0, this.#nextTurnAt - performance.now()))
      this.#cancel = () => clearTimeout(turn)
    }
  }

  [Symbol.dispose](): void {
    this.#cancel?.()
  }

  #flushNext(): void {
    this.#cancel = null
    const { audience } = this
    const section = audience.next(this.#options.room.last)
    if (!section) return
    const paceMs = Math.min((section.size / GATHERED_FRAMES) * 1000, LONGEST_ROUND_MS / audience.sections.length)
    this.#nextTurnAt = performance.now() + paceMs
    this.#flush(section)
    this.flushSoon()
  }

  #flush(section: Section): void {
    const { room, publish, onSent } = this.#options
    const lines = room.behind(section.sent)
    section.sent = room.last
    if (lines.length === 0) return
    for (const pieces of inFrames(lines)) {
      publish(section.number, `{"t":"b","room":"${room.id}","e":"${room.epoch}","m":[${pieces.join(',')}]}`)
    }
    onSent(Math.max(0, Date.now() - (lines[0]?.ts || Date.now())), lines.length, section.size)
  }

  /** A decaying count: about what came in the last second. */
  #count(): void {
    const now = performance.now()
    const passed = (now - this.#countedAtMs) / 1000
    this.#countedAtMs = now
    this.#linesPerSecond = 1 + this.#linesPerSecond * Math.exp(-Math.min(passed, 20))
  }
}

/** As JSON, in groups that fit a frame. */
function* inFrames(lines: readonly ChatLine[]): Generator<string[]> {
  let group: string[] = []
  let bytes = 0
  for (const line of lines) {
    const json = JSON.stringify(line)
    const size = Buffer.byteLength(json) + 1
    if (group.length > 0 && bytes + size > FRAME_BYTES) {
      yield group
      group = []
      bytes = 0
    }
    group.push(json)
    bytes += size
  }
  if (group.length > 0) yield group
}
