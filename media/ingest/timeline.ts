import type { MediaPacket } from './publisher.ts'

export interface Placed {
  packet: MediaPacket
  /** The publisher's clock jumped here; on the broadcast's timeline one frame's time has passed. */
  isJump: boolean
}

/** Packets of one track that are further apart are not on one clock any more. */
const JUMP_MS = 1000
/** Encoders interleave badly at their start: until a track has begun, only more than this means another clock. */
const START_SKEW_MS = 10_000
const FRAME_MS = { video: 33, audio: 21 } as const

interface Track {
  /** As received, without the wrap at 32 bits. */
  clockMs: number
  /** Broadcast time minus publisher's time. */
  shiftMs: number
  /** Where its last frame stands. */
  dts: number
  frameMs: number
}

/**
 * Puts one publisher's packets on the broadcast's timeline.
 *
 *   publisher's clock   7200000, 7200033, │ 40, 73, …        (any start, jumps, wraps at 32 bits)
 *   broadcast                 0,      33, │ 66, 99, …
 *
 * Guarantees:
 *   1. The first frame stands at `resumeAtMs`; nothing before it.
 *   2. Frames of one track have rising times; headers and metadata never go back.
 *   3. Successive frames are at most a second apart, unless the other track shows that the time really passed.
 *   4. Audio and video are moved by the same amount, so they stay in sync, also when one crosses a jump before the other.
 *
 * Keeps no clock.
 */
export class Timeline {
  readonly #startMs: number
  readonly #tracks = new Map<'audio' | 'video', Track>()
  /** The shift of the latest jump; each track takes it up when its own packets cross the jump. */
  #shiftMs = 0
  #clockMs: number | null = null
  #nowMs: number // the furthest frame of any track

  /** @param options.resumeAtMs where the broadcast stands: 0, or the end of what came before a reconnect */
  constructor({ resumeAtMs }: { resumeAtMs: number }) {
    this.#startMs = resumeAtMs
    this.#nowMs = resumeAtMs
  }

  place(packet: MediaPacket): Placed {
    // Their time stamps are often 0, and they take none.
    if (packet.kind === 'metadata') return { packet: at(packet, this.#nowMs), isJump: false }
    const track = this.#tracks.get(packet.kind)
    if (packet.isHeader) return { packet: at(packet, track?.dts ?? this.#startMs), isJump: false }
    return track ? this.#continue(track, packet) : this.#begin(packet.kind, packet)
  }

  #begin(kind: 'audio' | 'video', packet: MediaPacket): Placed {
    const clockMs = this.#unwrap(packet.dts, this.#clockMs ?? packet.dts)
    if (this.#clockMs === null) this.#shiftMs = this.#startMs - clockMs
    this.#clockMs ??= clockMs
    const isOnOneClock = Math.abs(clockMs + this.#shiftMs - this.#nowMs) <= START_SKEW_MS
    const shiftMs = isOnOneClock ? this.#shiftMs : this.#nowMs - clockMs
    const dts = Math.max(clockMs + shiftMs, this.#startMs)
    this.#tracks.set(kind, { clockMs, shiftMs, dts, frameMs: FRAME_MS[kind] })
    this.#nowMs = Math.max(this.#nowMs, dts)
    return { packet: at(packet, dts), isJump: false }
  }

  #continue(track: Track, packet: MediaPacket): Placed {
    const clockMs = this.#unwrap(packet.dts, track.clockMs)
    const stepMs = clockMs - track.clockMs
    let isJump = false
    if (!this.#fits(clockMs + track.shiftMs, track)) {
      if (!this.#fits(clockMs + this.#shiftMs, track)) {
        this.#shiftMs = track.dts + track.frameMs - clockMs
        isJump = true
      }
      track.shiftMs = this.#shiftMs
    } else if (stepMs > 0 && stepMs <= JUMP_MS) track.frameMs = stepMs
    track.clockMs = clockMs
    this.#clockMs = clockMs
    track.dts = Math.max(clockMs + track.shiftMs, track.dts + 1)
    this.#nowMs = Math.max(this.#nowMs, track.dts)
    return { packet: at(packet, track.dts), isJump }
  }

  /** Near its own track; or near the other, which is a gap in one track: OBS drops video, never audio, when the line is slow. */
  #fits(dts: number, track: Track): boolean {
    return Math.abs(dts - track.dts) <= JUMP_MS || Math.abs(dts - this.#nowMs) <= JUMP_MS
  }

  /** RTMP's clock has 32 bits: the step is what lies nearest. */
  #unwrap(received: number, lastMs: number): number {
    return lastMs + ((received - lastMs) | 0)
  }
}

/** The composition time stays. */
function at(packet: MediaPacket, dts: number): MediaPacket {
  return { ...packet, dts, pts: dts + (packet.pts - packet.dts) }
}
