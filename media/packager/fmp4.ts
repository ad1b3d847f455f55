import { type Box, boxesIn, boxType, FieldReader, Fmp4Error, requireBox, viewOf } from './boxes.ts'
import { type ParsedInit, parseInit, type Track } from './fmp4-init.ts'

/** One coded frame of video, or one AAC frame. Times and durations are ticks of its track. */
export interface Sample {
  dts: number
  /** Presentation less decode time; negative where the encoder reordered (cmaf). */
  cts: number
  /** As the muxer claims: of the last frame of a fragment a guess, since the next one is not there yet. */
  duration: number
  /** ISO BMFF sample flags. */
  flags: number
  data: Uint8Array
}

/** One moof and its mdat: what arrived together. */
export interface Fragment {
  kind: 'fragment'
  video: readonly Sample[]
  audio: readonly Sample[]
}

const IS_NON_SYNC = 0x10000

export function isKeyframe(sample: Sample): boolean {
  return (sample.flags & IS_NON_SYNC) === 0
}

// One picture is the largest thing that comes; 32 MiB is a raw 4K one.
const MAX_MDAT = 32 << 20
const MAX_HEADER = 1 << 20
const MAX_SAMPLES = 10_000

/**
 * Reads the fragmented MP4 that ffmpeg writes, as it arrives.
 *
 *   bytes, cut anywhere ──▶ readFragments() ──▶ init, fragment, fragment, …
 *
 * Guarantees: init comes first and once; every offset is checked against the box that holds it; no box makes us
 * keep more than its limit. Sample data points into the chunks that came, copied only where a box spans two.
 * A stream that ends inside a box ends quietly: ffmpeg was killed, and what was whole has been yielded.
 *
 * @throws {Fmp4Error}
 */
export async function* readFragments(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ParsedInit | Fragment> {
  let init: ParsedInit | null = null
  let ftyp: Uint8Array = new Uint8Array()
  let moof: Uint8Array | null = null

  for await (const box of topLevelBoxes(bytes)) {
    const type = boxType(viewOf(box), 4)
    if (type === 'ftyp') ftyp = box
    else if (type === 'moov') {
      if (init) throw new Fmp4Error('a second moov')
      init = parseInit(concat([ftyp, box]), { start: ftyp.length + 8, end: ftyp.length + box.length })
      yield init
    } else if (type === 'moof') {
      if (!init) throw new Fmp4Error('moof before moov')
      moof = box
    } else if (type === 'mdat') {
      if (!init || !moof) throw new Fmp4Error('mdat without a moof')
      yield readFragment(init, moof, box.subarray(8))
      moof = null
    }
  }
}

/** Whole boxes, headers included. */
async function* topLevelBoxes(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = []
  let heldLength = 0
  let wanted = 0 // size of the box that has begun; 0 until its header is whole

  for await (let chunk of bytes) {
    while (chunk.length > 0) {
      if (wanted === 0) {
        if (heldLength + chunk.length < 8) {
          held.push(chunk)
          heldLength += chunk.length
          break
        }
        if (heldLength > 0) {
          chunk = concat([...held, chunk])
          held = []
          heldLength = 0
        }
        wanted = boxSize(chunk)
      }
      const missing = wanted - heldLength
      if (chunk.length < missing) {
        held.push(chunk)
        heldLength += chunk.length
        break
      }
      const rest = chunk.subarray(0, missing)
      yield heldLength > 0 ? concat([...held, rest]) : rest
      held = []
      heldLength = 0
      wanted = 0
      chunk = chunk.subarray(missing)
    }
  }
}

/** @throws {Fmp4Error} when the box is larger than anything ffmpeg writes there */
function boxSize(chunk: Uint8Array): number {
  const view = viewOf(chunk)
  const size = view.getUint32(0)
  const type = boxType(view, 4)
  if (size < 8 || size > (type === 'mdat' ? MAX_MDAT : MAX_HEADER)) {
    throw new Fmp4Error(`box ${type} of ${size} bytes is not of our ffmpeg`)
  }
  return size
}

function readFragment(init: ParsedInit, moof: Uint8Array, mdat: Uint8Array): Fragment {
  const view = viewOf(moof)
  const fragment = { kind: 'fragment' as const, video: [] as Sample[], audio: [] as Sample[] }
  let next = 0 // where in mdat a run without an offset of its own begins
  for (const traf of boxesIn(view, 8, moof.length)) {
    if (traf.type !== 'traf') continue
    const header = readTrackHeader(view, requireBox(view, traf, 'tfhd'), init)
    const samples = header.track.kind === 'video' ? fragment.video : fragment.audio
    let dts = readDecodeTime(view, requireBox(view, traf, 'tfdt'))
    for (const trun of boxesIn(view, traf.start, traf.end)) {
      if (trun.type !== 'trun') continue
      const run = readRun(view, trun, header, { dts, mdat, moofLength: moof.length, next })
      if (samples.length + run.samples.length > MAX_SAMPLES) throw new Fmp4Error('too many samples')
      samples.push(...run.samples)
      dts = run.dts
      next = run.next
    }
  }
  return fragment
}

interface TrackHeader {
  track: Track
  duration: number
  size: number
  flags: number
}

function readTrackHeader(view: DataView, tfhd: Box, init: ParsedInit): TrackHeader {
  const fields = new FieldReader(view, tfhd)
  const { flags } = fields.fullBox()
  const id = fields.u32()
  const track = [init.video, init.audio].find((candidate) => candidate?.id === id)
  if (!track) throw new Fmp4Error('a fragment of an unknown track')
  // default-base-is-moof: without it offsets would mean places in a file that we do not have.
  if (flags & 1 || !(flags & 0x20000)) throw new Fmp4Error('offsets are not relative to moof')
  if (flags & 2) fields.skip(4)
  return {
    track,
    duration: flags & 8 ? fields.u32() : track.defaults.duration,
    size: flags & 0x10 ? fields.u32() : track.defaults.size,
    flags: flags & 0x20 ? fields.u32() : track.defaults.flags,
  }
}

function readDecodeTime(view: DataView, tfdt: Box): number {
  const fields = new FieldReader(view, tfdt)
  return fields.fullBox().version === 1 ? fields.u64() : fields.u32()
}

function readRun(
  view: DataView,
  trun: Box,
  header: TrackHeader,
  place: { dts: number; mdat: Uint8Array; moofLength: number; next: number },
) {
  const fields = new FieldReader(view, trun)
  const { version, flags } = fields.fullBox()
  const count = fields.u32()
  if (count > MAX_SAMPLES) throw new Fmp4Error('too many samples')
  let at = flags & 1 ? fields.i32() - place.moofLength - 8 : place.next
  const firstFlags = flags & 4 ? fields.u32() : null
  let dts = place.dts
  const samples: Sample[] = []
  for (let i = 0; i < count; i++) {
    const duration = flags & 0x100 ? fields.u32() : header.duration
    const size = flags & 0x200 ? fields.u32() : header.size
    const own = flags & 0x400 ? fields.u32() : header.flags
    const cts = flags & 0x800 ? (version === 0 ? fields.u32() : fields.i32()) : 0
    if (at < 0 || size > place.mdat.length - at) throw new Fmp4Error('a sample lies outside its mdat')
    samples.push({
      dts,
      cts,
      duration,
      flags: i === 0 && firstFlags !== null ? firstFlags : own,
      data: place.mdat.subarray(at, at + size),
    })
    at += size
    dts += duration
  }
  return { samples, dts, next: at }
}

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(pieces)
}
