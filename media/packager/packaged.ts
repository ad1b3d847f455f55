/** Codec configuration of one rendition: the ftyp and moov that ffmpeg writes first. */
export interface InitSegment {
  kind: 'init'
  bytes: Uint8Array
  /** RFC 6381, for CODECS: `avc1.64001f,mp4a.40.2`. */
  codecs: string
  width: number | null
  height: number | null
}

/** A part that is complete: immutable, published at once. */
export interface Part {
  kind: 'part'
  msn: number
  index: number
  durationSeconds: number
  isIndependent: boolean
  bytes: Uint8Array
}

/** A segment that is complete: immutable. Its bytes are those of its parts. */
export interface Segment {
  kind: 'segment'
  msn: number
  durationSeconds: number
  /** Wall clock of its first frame, the same in every rendition. */
  programDateTimeMs: number
  /** An EXT-X-DISCONTINUITY stands before it. */
  isDiscontinuous: boolean
  /** False: no keyframe came within TARGETDURATION, so it begins with a frame that needs the segment before it. */
  isIndependent?: boolean
  /** Which `init-<n>.mp4` it needs. */
  init: number
  parts: readonly Part[]
}

/** Where finished segments go besides the live window: the archive. Must not throw and must not block. */
export interface SegmentSink {
  init(rendition: string, index: number, init: InitSegment): void
  segment(rendition: string, segment: Segment): void
}

/** What is kept of a segment once its bytes are elsewhere: a line of the journal, an entry of a playlist. */
export interface SegmentEntry {
  msn: number
  durationSeconds: number
  programDateTimeMs: number
  isDiscontinuous: boolean
  isIndependent?: boolean
  init: number
  /** It exists in name only, so that Media Sequence Numbers agree (EXT-X-GAP). Never archived. */
  isGap?: boolean
}

/** A broadcast as the archive's journal has it: what a packager needs to go on after a restart. */
export interface PackagerHistory {
  /** Fixed by the first run, highest first. */
  renditions: readonly {
    name: string
    bandwidthBps: number
    frameRate: number | null
    /** `init-<n>.mp4` is the n-th. */
    inits: readonly InitSegment[]
    /** In order of their MSNs. */
    segments: readonly SegmentEntry[]
  }[]
}
