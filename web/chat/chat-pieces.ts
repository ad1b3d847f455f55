import type { ChatPieceJson, ReplayedMessageJson } from '../../server/vod/contract.ts'

/** As `server/vod/chat-timeline.ts` cuts them. */
const PIECE_SECONDS = 600
/** The next one is there before it is needed; the one before where there would be little to read. */
const AHEAD_SECONDS = 60
const ENOUGH = 30
const RETRY_MS = 5000
/** What was deleted since is gone from here as well. */
const STALE_MS = 300_000
/** Pieces on either side of the one that plays; others are let go. */
const KEPT = 2

type Fetch = (url: string) => Promise<ChatPieceJson>

interface Piece {
  messages: readonly ReplayedMessageJson[]
  readAtMs: number
}

/**
 * The chat of a recording around the moment that plays: asks for pieces as they are needed, and again for what failed.
 */
export class ChatPieces {
  /** The piece that plays is not there, and could not be had. */
  hasFailed = false
  readonly #onChange: () => void
  readonly #fetch: Fetch
  readonly #now: () => number
  #url = ''
  #count = 0
  #current = 0
  readonly #pieces = new Map<number, Piece>()
  /** On its way, or failed: not to be asked for before. */
  readonly #notBefore = new Map<number, number>()

  constructor(onChange: () => void, fetch: Fetch = fetchPiece, now: () => number = () => performance.now()) {
    this.#onChange = onChange
    this.#fetch = fetch
    this.#now = now
  }

  /** @param url template; with another token of the same recording what is here stays */
  open(url: string, count: number): void {
    const isAnother = withoutToken(url) !== withoutToken(this.#url)
    if (isAnother || count !== this.#count) this.#notBefore.clear()
    if (isAnother) this.#pieces.clear()
    this.#url = url
    this.#count = count
  }

  /** Nothing is known yet of the moment that plays. */
  get isLoading(): boolean {
    return !this.#pieces.has(this.#current)
  }

  /** That moment plays now. */
  follow(seconds: number): void {
    if (this.#count === 0) return
    this.#current = Math.min(Math.max(0, Math.floor(seconds / PIECE_SECONDS)), this.#count - 1)
    for (const piece of this.#pieces.keys()) if (Math.abs(piece - this.#current) > KEPT) this.#pieces.delete(piece)
    this.#want(this.#current)
    if (seconds > (this.#current + 1) * PIECE_SECONDS - AHEAD_SECONDS) this.#want(this.#current + 1)
    if (this.#pieces.has(this.#current) && this.upTo(seconds, ENOUGH).length < ENOUGH) this.#want(this.#current - 1)
  }

  /** The piece before the first one that is here, for who reads further up. */
  wantEarlier(): void {
    const missing = this.#missingBefore()
    if (missing !== null) this.#want(missing)
  }

  /** Whether there may be messages before the first one that is here. */
  get hasEarlier(): boolean {
    return this.#missingBefore() !== null
  }

  #missingBefore(): number | null {
    for (let piece = this.#current - 1; piece >= Math.max(0, this.#current - KEPT); piece -= 1) {
      if (!this.#pieces.has(piece)) return piece
    }
    return null
  }

  /** The last messages up to a moment, oldest first, as far back as pieces are here without a hole. */
  upTo(seconds: number, most: number): ReplayedMessageJson[] {
    let found: ReplayedMessageJson[] = []
    for (let piece = this.#current; piece >= 0 && found.length < most; piece -= 1) {
      const messages = this.#pieces.get(piece)?.messages
      if (!messages) break
      const end = piece === this.#current ? countUpTo(messages, seconds) : messages.length
      found = [...messages.slice(Math.max(0, end - (most - found.length)), end), ...found]
    }
    return found
  }

  /** At once, whatever the pause. */
  retry(): void {
    this.#notBefore.clear()
    this.hasFailed = false
    this.#want(this.#current)
    this.#onChange()
  }

  #want(piece: number): void {
    const now = this.#now()
    const known = this.#pieces.get(piece)
    if (piece < 0 || piece >= this.#count || (known && now - known.readAtMs < STALE_MS)) return
    if (now < (this.#notBefore.get(piece) ?? 0)) return
    this.#notBefore.set(piece, Number.POSITIVE_INFINITY)
    const url = this.#url
    this.#fetch(url.replace('{piece}', String(piece)))
      .then(
        ({ messages }) => {
          if (withoutToken(url) !== withoutToken(this.#url)) return
          this.#pieces.set(piece, { messages, readAtMs: this.#now() })
          this.#notBefore.delete(piece)
          if (piece === this.#current) this.hasFailed = false
        },
        () => {
          if (withoutToken(url) !== withoutToken(this.#url)) return
          this.#notBefore.set(piece, this.#now() + RETRY_MS)
          if (piece === this.#current && !this.#pieces.has(piece)) this.hasFailed = true
          // Whoever stands still asks for nothing by themselves.
          setTimeout(this.#onChange, RETRY_MS)
        },
      )
      .then(this.#onChange)
  }
}

async function fetchPiece(url: string): Promise<ChatPieceJson> {
  const answer = await fetch(url, { credentials: 'omit', cache: 'no-store' })
  if (!answer.ok) throw new Error(`answered ${answer.status}`)
  return answer.json()
}

/** The token is the path's second part. */
function withoutToken(url: string): string {
  return url.replace(/^(\/[^/]+\/)[^/]+/, '$1')
}

/** How many of them were said by then. */
function countUpTo(messages: readonly ReplayedMessageJson[], seconds: number): number {
  let [low, high] = [0, messages.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((messages[middle]?.at ?? 0) <= seconds) low = middle + 1
    else high = middle
  }
  return low
}
