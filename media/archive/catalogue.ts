import type { Rendition } from '../ladder/ladder.ts'
import type { InitSegment, PackagerHistory, SegmentEntry } from '../packager/packaged.ts'
import type { ClosedFact, Fact, InitFact, OpenedFact, SegmentFact } from './journal.ts'
import type { PlacedTile } from './sheet.ts'

/** One rendition of the archive. */
export interface Track {
  rendition: Rendition
  /** `init-<n>.mp4` is the n-th. */
  inits: InitFact[]
  /** By their Media Sequence Numbers. */
  segments: Map<number, SegmentFact>
}

/** What the facts of one broadcast add up to, in memory: the same whether they happen or are read from the journal. */
export class Catalogue {
  readonly opened: OpenedFact
  readonly tracks: ReadonlyMap<string, Track>
  /** Paths below the recording, as in object keys: `720p/12.m4s`. */
  readonly stored = new Set<string>()
  readonly reported = new Set<string>()
  /** Of the storyboard, in order. */
  readonly tiles: PlacedTile[] = []
  lost = 0
  closed: ClosedFact | null = null
  isWhole = false

  constructor(opened: OpenedFact) {
    this.opened = opened
    this.tracks = new Map(
      opened.renditions.map((rendition) => [rendition.name, { rendition, inits: [], segments: new Map() }]),
    )
  }

  take(fact: Fact): void {
    switch (fact.fact) {
      case 'opened':
        return
      case 'init': {
        const track = this.tracks.get(fact.rendition)
        if (track) track.inits[fact.index] = fact
        return
      }
      case 'segment':
        this.tracks.get(fact.rendition)?.segments.set(fact.msn, fact)
        return
      case 'stored':
        this.stored.add(fact.file)
        return
      case 'lost':
        this.lost += 1
        this.tracks.get(fact.rendition)?.segments.delete(fact.msn)
        return
      case 'tile':
        this.tiles.push(fact)
        return
      case 'closed':
        this.closed ??= fact
        return
      case 'reported':
        this.reported.add(fact.report)
        return
      case 'whole':
        this.isWhole = true
    }
  }

  /** Every file that the object store is to have, playlists and pictures aside. */
  *files(): Generator<{ file: string; size: number; sha256: string }> {
    for (const [name, { inits, segments }] of this.tracks) {
      for (const { index, size, sha256 } of inits.filter(Boolean)) {
        yield { file: `${name}/init-${index}.mp4`, size, sha256 }
      }
      for (const { msn, size, sha256 } of segments.values()) yield { file: `${name}/${msn}.m4s`, size, sha256 }
    }
  }

  /** @param bytesOf an init segment's, by its path; null when they are gone */
  history(bytesOf: (file: string) => Uint8Array | null): PackagerHistory {
    return {
      renditions: [...this.tracks].map(([name, { rendition, inits, segments }]) => ({
        name,
        bandwidthBps: rendition.bandwidthBps,
        frameRate: rendition.frameRate,
        inits: Array.from(inits, (init, index): InitSegment => {
          const bytes = bytesOf(`${name}/init-${index}.mp4`) ?? new Uint8Array()
          return {
            kind: 'init',
            bytes,
            codecs: init?.codecs ?? '',
            width: init?.width ?? null,
            height: init?.height ?? null,
          }
        }),
        segments: withGaps(segments, Math.max(-1, ...segments.keys()), (msn) => this.#twin(msn)),
      })),
    }
  }

  #twin(msn: number): SegmentFact | null {
    for (const { segments } of this.tracks.values()) {
      const segment = segments.get(msn)
      if (segment) return segment
    }
    return null
  }
}

/** From 0 to `last` without a hole: playlists count their segments, so what is missing has to be named. */
function withGaps(
  segments: ReadonlyMap<number, SegmentFact>,
  last: number,
  twinOf: (msn: number) => SegmentEntry | null,
): SegmentEntry[] {
  const entries: SegmentEntry[] = []
  for (let msn = 0; msn <= last; msn++) {
    const segment = segments.get(msn)
    if (segment) entries.push(entryOf(segment))
    else entries.push(gapAt(msn, entries.at(-1), twinOf(msn) ?? nextOf(segments, msn)))
  }
  return entries
}

function gapAt(msn: number, before: SegmentEntry | undefined, like: SegmentEntry | null): SegmentEntry {
  return {
    msn,
    durationSeconds: like?.durationSeconds ?? 0,
    programDateTimeMs: before
      ? Math.round(before.programDateTimeMs + before.durationSeconds * 1000)
      : (like?.programDateTimeMs ?? 0),
    isDiscontinuous: false,
    init: before?.init ?? like?.init ?? 0,
    isGap: true,
  }
}

function nextOf(segments: ReadonlyMap<number, SegmentEntry>, msn: number): SegmentEntry | null {
  for (const [other, segment] of segments) if (other > msn) return segment
  return null
}

export function entryOf(segment: SegmentFact): SegmentEntry {
  return {
    msn: segment.msn,
    durationSeconds: segment.durationSeconds,
    programDateTimeMs: segment.programDateTimeMs,
    isDiscontinuous: segment.isDiscontinuous,
    ...(segment.isIndependent === false ? { isIndependent: false } : {}),
    init: segment.init,
  }
}
