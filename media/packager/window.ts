import { CachedText } from './cached-text.ts'
import { HeldRequests, type Outcome, type PlaylistKind, type Waiter } from './held-requests.ts'
import { type LivePlaylist, liveMediaPlaylist, type PlaylistTargets, type SegmentHead } from './media-playlist.ts'
import type { InitSegment, Segment, SegmentEntry } from './packaged.ts'
import { type KeptSegment, SegmentList } from './segment-list.ts'
import type { CutEvent, CutPart, CutSegment, OpenSegment } from './segmenter.ts'

/** Answer to "give me this part": its bytes, wait for it, or there is no such thing in memory. */
export type PartState = Uint8Array | 'coming' | null

// rfc8216bis 4.4.4.9: parts "greater than three target durations from the end" leave the playlist. With the segment
// that grows that is the last three; hls.js stays in part mode with two whole ones.
const PARTS_LISTED = 2

/**
 * The sliding window of one playlist: what viewers may ask for now, and who waits for what comes next.
 *
 * Bytes are kept for the last 15 target durations (30 s); of older segments an entry of some 100 bytes, for the
 * playlist of the whole broadcast. Texts are built when first asked for after a change, and shared by all who ask.
 */
export class RenditionWindow {
  readonly name: string
  readonly #targets: PlaylistTargets
  readonly #siblings: () => Iterable<RenditionWindow>
  readonly #inits: InitSegment[] = []
  readonly #segments: SegmentList
  #open: (OpenSegment & { parts: CutPart[]; init: number }) | null = null
  #init = 0
  /** What comes next does not follow on what is here. */
  #startsAnew = false
  #isEnded = false
  readonly #held = new HeldRequests()
  readonly #texts = new Map<string, CachedText>()

  constructor(name: string, targets: PlaylistTargets, siblings: () => Iterable<RenditionWindow>) {
    this.name = name
    this.#targets = targets
    this.#siblings = siblings
    this.#segments = new SegmentList(targets.targetSeconds)
  }

  /** Takes up what the archive remembers. Before anything is published. */
  restore(inits: readonly InitSegment[], segments: readonly SegmentEntry[]): void {
    this.#inits.push(...inits)
    this.#init = segments.at(-1)?.init ?? 0
    for (const segment of segments) this.#segments.append({ ...segment })
  }

  /** The init segment of what comes next, behind a discontinuity; its number, and whether it is a new one. */
  use(init: InitSegment): { index: number; isNew: boolean } {
    const known = this.#inits.findIndex(({ bytes }) => Buffer.compare(bytes, init.bytes) === 0)
    if (known < 0) this.#inits.push(init)
    this.#init = known < 0 ? this.#inits.length - 1 : known
    this.#startsAnew = this.#segments.last !== null
    return { index: this.#init, isNew: known < 0 }
  }

  /** The segment as it is in this playlist, when the event completed one. What is already here is not taken twice. */
  publish(event: CutEvent): Segment | null {
    if (this.#isEnded || event.msn < this.nextMsn) return null
    if (event.kind === 'open') {
      this.fillTo(event.msn)
      const isDiscontinuous = event.isDiscontinuous || this.#startsAnew
      this.#open = { ...event, isDiscontinuous, parts: [], init: this.#init }
      this.#startsAnew = false
      return null
    }
    if (event.msn !== this.#open?.msn) return null
    if (event.kind === 'part') {
      this.#open.parts.push(event)
      // Told together with its segment: with a hint behind it, a short part would not be the last, and refused.
      if (!event.isLast) this.#changed('part')
      return null
    }
    return this.#complete(event, this.#open)
  }

  /** Names what never came, so that the next segment has this MSN here as in every other playlist. */
  fillTo(msn: number): void {
    while (this.nextMsn < msn) {
      const next = this.nextMsn
      const { last } = this.#segments
      const twin = [...this.#siblings()].flatMap((sibling) => sibling.findSegment(next) ?? [])[0]
      this.#segments.append({
        msn: next,
        durationSeconds: twin?.durationSeconds ?? this.#targets.targetSeconds,
        programDateTimeMs: Math.round(twin?.programDateTimeMs ?? (last ? endOf(last) : 0)),
        isDiscontinuous: false,
        init: this.#init,
        isGap: true,
      })
      this.#changed('segment')
    }
  }

  /** ENDLIST; every waiter gets its answer. */
  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#open = null
    this.#changed('segment')
  }

  get isEnded(): boolean {
    return this.#isEnded
  }

  /** Of the next segment to begin. */
  get nextMsn(): number {
    return this.#segments.nextMsn
  }

  /** Wall clock where the last complete segment ends; null before there is one. */
  get endsAtMs(): number | null {
    const { last } = this.#segments
    return last ? endOf(last) : null
  }

  get completeSegments(): number {
    return this.#segments.all.length
  }

  /** hls.js refuses a playlist without a complete segment; three parts are PART-HOLD-BACK. */
  get isPlayable(): boolean {
    const parts = this.#segments.all.reduce((sum, segment) => sum + (segment.parts?.length ?? 3), 0)
    return this.#segments.last !== null && parts + this.#openParts >= 3
  }

  /** The init segment in use: its codecs and size speak for the rendition. */
  get latestInit(): InitSegment | null {
    return this.#inits[this.#init] ?? null
  }

  findInit(index: number): InitSegment | null {
    return this.#inits[index] ?? null
  }

  findSegment(msn: number): KeptSegment | null {
    return this.#segments.find(msn)
  }

  /** What a playlist that goes on with this one's segments has to take over, from this MSN on. */
  *replayFrom(msn: number): Generator<CutEvent> {
    for (const segment of this.#segments.all) {
      if (segment.msn < msn || !segment.parts || segment.isGap) continue
      yield { kind: 'open', ...head(segment) }
      for (const part of segment.parts) yield { ...part, isLikelyLast: false }
      yield { kind: 'segment', ...head(segment), durationSeconds: segment.durationSeconds, parts: segment.parts }
    }
    if (this.#open && this.#open.msn >= msn) {
      yield { kind: 'open', ...head(this.#open) }
      yield* this.#open.parts
    }
  }

  findPart(msn: number, index: number): PartState {
    const segment = this.findSegment(msn)
    if (segment) return segment.parts?.[index]?.bytes ?? null
    const next = this.nextMsn
    if (this.#isEnded || msn < next || msn > next + 1) return null
    if (msn === next + 1) return index === 0 ? 'coming' : null
    const parts = this.#open?.msn === msn ? this.#open.parts : []
    return parts[index]?.bytes ?? (index === parts.length ? 'coming' : null)
  }

  /** rfc8216bis 6.2.5.2: part N past a segment's last means part 0 of the next one. */
  hasReached(msn: number, part: number | null): boolean {
    if (this.#isEnded) return true
    const next = this.nextMsn
    if (msn < next) {
      if (part === null || msn < next - 1) return true
      const { last } = this.#segments
      return part < (last?.parts?.length ?? Number.POSITIVE_INFINITY) || this.#openParts > 0
    }
    return msn === next && part !== null && part < this.#openParts
  }

  /** Those who wait for what this rendition has not published yet. */
  get held(): HeldRequests {
    return this.#held
  }

  /** The text for everybody who asks before the next part. */
  playlist(kind: PlaylistKind, canSkip: boolean): CachedText {
    const key = canSkip ? `${kind}+skip` : kind
    let text = this.#texts.get(key)
    if (!text) {
      text = new CachedText(
        liveMediaPlaylist(kind === 'index' ? this.#indexPlaylist(canSkip) : this.#dvrPlaylist(canSkip)),
      )
      this.#texts.set(key, text)
    }
    return text
  }

  /** Where this playlist stands, for EXT-X-RENDITION-REPORT. */
  get lastPart(): { msn: number; part: number } | null {
    if (this.#open && this.#openParts > 0) return { msn: this.#open.msn, part: this.#openParts - 1 }
    const { last } = this.#segments
    return last ? { msn: last.msn, part: Math.max(0, (last.parts?.length ?? 1) - 1) } : null
  }

  get #openParts(): number {
    return this.#open?.parts.length ?? 0
  }

  #complete(event: CutSegment, open: OpenSegment & { init: number }): Segment {
    const segment: Segment = { ...event, init: open.init, isDiscontinuous: open.isDiscontinuous }
    this.#open = null
    this.#segments.append({
      msn: segment.msn,
      durationSeconds: segment.durationSeconds,
      programDateTimeMs: segment.programDateTimeMs,
      isDiscontinuous: segment.isDiscontinuous,
      init: segment.init,
      parts: segment.parts,
      ...(segment.isIndependent === false ? { isIndependent: false } : {}),
    })
    this.#changed('segment')
    return segment
  }

  #changed(what: 'part' | 'segment'): void {
    for (const key of this.#texts.keys()) if (what === 'segment' || key.startsWith('index')) this.#texts.delete(key)
    this.#held.settle((waiter) => this.#outcome(waiter))
  }

  #outcome({ kind, msn, part }: Waiter): Outcome | null {
    if (kind !== 'part') return this.hasReached(msn, kind === 'dvr' ? null : part) ? 'ready' : null
    const state = this.findPart(msn, part ?? 0)
    if (state === 'coming') return null
    return state ? 'ready' : 'gone'
  }

  #indexPlaylist(canSkip: boolean): LivePlaylist {
    const { listed } = this.#segments
    const openSeconds = this.#open?.parts.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0) ?? 0
    return {
      ...this.#targets,
      type: 'sliding',
      discontinuitySequence: this.#segments.unlistedDiscontinuities,
      segments: listed,
      partsFrom: listed.length - PARTS_LISTED,
      skipped: canSkip && !this.#isEnded ? this.#segments.skippable(listed, openSeconds) : 0,
      open: this.#openParts > 0 ? this.#open : null,
      hint: this.#isEnded ? null : this.#hint,
      reports: this.#isEnded ? [] : this.#reports(),
      isEnded: this.#isEnded,
    }
  }

  #dvrPlaylist(canSkip: boolean): LivePlaylist {
    const { all } = this.#segments
    return {
      ...this.#targets,
      partTargetSeconds: null,
      type: 'event',
      discontinuitySequence: 0,
      segments: all,
      partsFrom: all.length,
      skipped: canSkip && !this.#isEnded ? this.#segments.skippable(all, 0) : 0,
      open: null,
      hint: null,
      reports: [],
      isEnded: this.#isEnded,
    }
  }

  get #hint(): { msn: number; part: number } {
    const last = this.#open?.parts.at(-1)
    if (!this.#open || !last || last.isLikelyLast) {
      return { msn: this.nextMsn + (last?.isLikelyLast ? 1 : 0), part: 0 }
    }
    return { msn: this.#open.msn, part: last.index + 1 }
  }

  #reports(): LivePlaylist['reports'] {
    return [...this.#siblings()].flatMap((sibling) => {
      const last = sibling === this ? null : sibling.lastPart
      return last ? [{ uri: `../${sibling.name}/index.m3u8`, lastMsn: last.msn, lastPart: last.part }] : []
    })
  }
}

function endOf(segment: SegmentEntry): number {
  return segment.programDateTimeMs + segment.durationSeconds * 1000
}

function head({ msn, programDateTimeMs, isDiscontinuous, isIndependent }: SegmentHead) {
  return { msn, programDateTimeMs, isDiscontinuous, isIndependent: isIndependent !== false }
}
