/** Input that is not the fragmented MP4 which our ffmpeg writes. The message names the box, never its content. */
export class Fmp4Error extends Error {
  override readonly name = 'Fmp4Error'
}

/** One ISO BMFF box inside a buffer: offsets are into that buffer. */
export interface Box {
  type: string
  /** First byte behind the header. */
  start: number
  end: number
}

/**
 * The boxes that fill `[start, end)` exactly.
 *
 * @throws {Fmp4Error} when a box does not fit
 */
export function* boxesIn(view: DataView, start: number, end: number): Generator<Box> {
  for (let at = start; at < end; ) {
    if (end - at < 8) throw new Fmp4Error('a box header is cut off')
    const size = view.getUint32(at)
    const type = boxType(view, at + 4)
    // No box inside moov or moof needs the 64-bit or "to the end" form; whoever sends one is not our ffmpeg.
    if (size < 8 || size > end - at) throw new Fmp4Error(`box ${type} does not fit where it stands`)
    yield { type, start: at + 8, end: at + size }
    at += size
  }
}

/** @throws {Fmp4Error} when there is none */
export function requireBox(view: DataView, parent: { start: number; end: number }, type: string): Box {
  const box = findBox(view, parent, type)
  if (!box) throw new Fmp4Error(`box ${type} is missing`)
  return box
}

/** The first of its type, or null. */
export function findBox(view: DataView, parent: { start: number; end: number }, type: string): Box | null {
  for (const box of boxesIn(view, parent.start, parent.end)) if (box.type === type) return box
  return null
}

/** Four printable characters; anything else becomes dots, so garbage never reaches a log line. */
export function boxType(view: DataView, at: number): string {
  let type = ''
  for (let i = 0; i < 4; i++) {
    const code = view.getUint8(at + i)
    type += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : '.'
  }
  return type
}

/** Reads one box's fields in order, and never past its end. */
export class FieldReader {
  readonly #view: DataView
  readonly #box: Box
  #at: number

  constructor(view: DataView, box: Box) {
    this.#view = view
    this.#box = box
    this.#at = box.start
  }

  get left(): number {
    return this.#box.end - this.#at
  }

  skip(bytes: number): void {
    this.#take(bytes)
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4))
  }

  /** @throws {Fmp4Error} above 2^53, which no clock of ours reaches */
  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8))
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Fmp4Error(`${this.#box.type} holds an impossible time`)
    return Number(value)
  }

  /** Version and flags, which open every full box. */
  fullBox(): { version: number; flags: number } {
    const word = this.u32()
    return { version: word >>> 24, flags: word & 0xffffff }
  }

  #take(bytes: number): number {
    if (bytes < 0 || bytes > this.left) throw new Fmp4Error(`box ${this.#box.type} is cut off`)
    const at = this.#at
    this.#at += bytes
    return at
  }
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
