import { type Box, boxesIn, boxType, FieldReader, Fmp4Error, findBox, requireBox, viewOf } from './boxes.ts'
import type { InitSegment } from './packaged.ts'

/** One track of a moov, with what trex says of its samples when a fragment says nothing. */
export interface Track {
  id: number
  kind: 'video' | 'audio'
  /** Ticks a second of its dts, pts and durations. */
  timescale: number
  defaults: { duration: number; size: number; flags: number }
}

/** An init segment and its tracks: at most one of each kind. */
export interface ParsedInit extends InitSegment {
  video: Track | null
  audio: Track | null
}

/**
 * Reads what ffmpeg wrote before its first fragment.
 *
 * @param bytes ftyp and moov, kept as they are
 * @throws {Fmp4Error} on anything but H.264 and AAC, on two tracks of a kind, on none
 */
export function parseInit(bytes: Uint8Array, moov: { start: number; end: number }): ParsedInit {
  const view = viewOf(bytes)
  const defaults = readDefaults(view, moov)
  const codecs: string[] = []
  let size: { width: number; height: number } | null = null
  let video: Track | null = null
  let audio: Track | null = null

  for (const box of boxesIn(view, moov.start, moov.end)) {
    if (box.type !== 'trak') continue
    const { track, codec, width, height } = readTrack(view, box, defaults)
    if (track.kind === 'video' ? video : audio) throw new Fmp4Error(`two ${track.kind} tracks`)
    if (track.kind === 'video') {
      video = track
      size = { width, height }
      codecs.unshift(codec)
    } else {
      audio = track
      codecs.push(codec)
    }
  }
  if (!video && !audio) throw new Fmp4Error('no track')
  return {
    kind: 'init',
    bytes,
    codecs: codecs.join(','),
    width: size?.width ?? null,
    height: size?.height ?? null,
    video,
    audio,
  }
}

type Defaults = ReadonlyMap<number, Track['defaults']>

function readDefaults(view: DataView, moov: { start: number; end: number }): Defaults {
  const found = new Map<number, Track['defaults']>()
  for (const box of boxesIn(view, ...range(requireBox(view, moov, 'mvex')))) {
    if (box.type !== 'trex') continue
    const fields = new FieldReader(view, box)
    fields.fullBox()
    const id = fields.u32()
    fields.skip(4) // sample description: always the first
    found.set(id, { duration: fields.u32(), size: fields.u32(), flags: fields.u32() })
  }
  return found
}

function readTrack(view: DataView, trak: Box, defaults: Defaults) {
  const id = readTrackId(view, requireBox(view, trak, 'tkhd'))
  const mdia = requireBox(view, trak, 'mdia')
  const timescale = readTimescale(view, requireBox(view, mdia, 'mdhd'))
  if (timescale === 0) throw new Fmp4Error('a timescale of 0')
  const stbl = requireBox(view, requireBox(view, mdia, 'minf'), 'stbl')
  const stsd = requireBox(view, stbl, 'stsd')
  const entry = boxesIn(view, stsd.start + 8, stsd.end).next().value
  if (!entry) throw new Fmp4Error('box stsd is empty')

  const track = (kind: Track['kind']): Track => ({
    id,
    kind,
    timescale,
    defaults: defaults.get(id) ?? { duration: 0, size: 0, flags: 0 },
  })
  if (entry.type === 'avc1' || entry.type === 'avc3') {
    const fields = new FieldReader(view, entry)
    fields.skip(24)
    const [width, height] = [fields.u16(), fields.u16()]
    return { track: track('video'), codec: avcCodec(view, entry), width, height }
  }
  if (entry.type === 'mp4a') return { track: track('audio'), codec: aacCodec(view, entry), width: 0, height: 0 }
  throw new Fmp4Error(`a codec that is neither H.264 nor AAC: ${boxType(view, entry.start - 4)}`)
}

function readTrackId(view: DataView, tkhd: Box): number {
  const fields = new FieldReader(view, tkhd)
  fields.skip(fields.fullBox().version === 1 ? 16 : 8)
  return fields.u32()
}

function readTimescale(view: DataView, mdhd: Box): number {
  const fields = new FieldReader(view, mdhd)
  fields.skip(fields.fullBox().version === 1 ? 16 : 8)
  return fields.u32()
}

/** RFC 6381: `avc1.` and the three bytes of profile, constraints and level, as avcC has them. */
function avcCodec(view: DataView, entry: Box): string {
  const fields = new FieldReader(view, requireBox(view, { start: entry.start + 78, end: entry.end }, 'avcC'))
  fields.skip(1)
  const hex = [fields.u8(), fields.u8(), fields.u8()].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${entry.type}.${hex}`
}

/** RFC 6381: `mp4a.`, the object type of esds in hex, and for AAC (40) the audio object type of its configuration. */
function aacCodec(view: DataView, entry: Box): string {
  const esds = findBox(view, { start: entry.start + 28, end: entry.end }, 'esds')
  if (!esds) throw new Fmp4Error('box esds is missing')
  const fields = new FieldReader(view, esds)
  fields.fullBox()
  descriptor(fields, 3)
  fields.skip(2)
  const flags = fields.u8()
  fields.skip((flags & 0x80 ? 2 : 0) + (flags & 0x20 ? 2 : 0))
  if (flags & 0x40) fields.skip(fields.u8())
  descriptor(fields, 4)
  const objectType = fields.u8()
  fields.skip(12)
  if (objectType !== 0x40) return `mp4a.${objectType.toString(16)}`
  descriptor(fields, 5)
  const first = fields.u8()
  // 31 is the escape: six more bits hold the type less 32.
  const audioObjectType = first >> 3 === 31 ? 32 + (((first & 7) << 3) | (fields.u8() >> 5)) : first >> 3
  return `mp4a.40.${audioObjectType}`
}

/** Tag and the length in up to four bytes of seven bits, most significant first (ISO 14496-1). */
function descriptor(fields: FieldReader, tag: number): void {
  if (fields.u8() !== tag) throw new Fmp4Error('box esds has an unknown order')
  for (let i = 0; i < 4; i++) if ((fields.u8() & 0x80) === 0) return
}

function range(box: { start: number; end: number }): [number, number] {
  return [box.start, box.end]
}
