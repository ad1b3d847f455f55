import amf from 'node-media-server/src/protocol/amf.js'
import type { RtmpMessage } from './chunk-reader.ts'
import type { MediaPacket } from './publisher.ts'
import { MAX_COMMAND_BYTES, parseEncoder } from './rtmp-guard.ts'
import './silence-library.ts'

const AUDIO = 8
const VIDEO = 9
const DATA_AMF3 = 15
const DATA_AMF0 = 18

const AVC = 7
const AAC = 10
const ENHANCED_AUDIO = 9

const SEQUENCE_HEADER = 0
const KEYFRAME = 1
const COMMAND_FRAME = 5

const SET_DATA_FRAME = Buffer.from('\x02\x00\x0d@setDataFrame', 'latin1')
const ON_META_DATA = Buffer.from('\x02\x00\x0aonMetaData', 'latin1')

/** Audio, video or data; all else is protocol. */
export function isMedia(message: RtmpMessage): boolean {
  return [AUDIO, VIDEO, DATA_AMF3, DATA_AMF0].includes(message.type)
}

/**
 * An RTMP media message as a packet; null when it carries nothing that a show needs (end of sequence, cue points) or
 * is too short to be what it says.
 */
export function toPacket(message: RtmpMessage): MediaPacket | null {
  if (message.type === AUDIO) return audioPacket(message)
  if (message.type === VIDEO) return videoPacket(message)
  return metadataPacket(message)
}

/** Enhanced RTMP: a four-letter codec (HEVC, AV1, Opus) instead of FLV's numbers. */
export function isEnhanced({ type, payload }: RtmpMessage): boolean {
  const first = payload[0] ?? 0
  return (type === VIDEO && (first & 0x80) !== 0) || (type === AUDIO && first >> 4 === ENHANCED_AUDIO)
}

/** What the encoder calls itself in onMetaData ("obs-output module (libobs version 30.2.3)"). */
export function encoderOf(packet: MediaPacket): string | null {
  if (packet.kind !== 'metadata' || packet.data.length > MAX_COMMAND_BYTES) return null
  try {
    const { dataObj } = amf.decodeAmf0Data(packet.data)
    return typeof dataObj === 'object' && dataObj !== null
      ? parseEncoder((dataObj as { encoder?: unknown }).encoder)
      : null
  } catch {
    // A name for the studio page is not worth a publisher: the rest of the stream may be sound.
    return null
  }
}

function audioPacket({ timestamp, payload }: RtmpMessage): MediaPacket | null {
  const [first, type] = payload
  if (first === undefined || type === undefined) return null
  const format = first >> 4
  if (format === ENHANCED_AUDIO) {
    const packetType = first & 0x0f
    return packetType > 1 ? null : packet('audio', timestamp, payload, { isHeader: packetType === SEQUENCE_HEADER })
  }
  if (format === AAC && type !== SEQUENCE_HEADER && payload.length < 3) return null
  return packet('audio', timestamp, payload, { isHeader: format === AAC && type === SEQUENCE_HEADER })
}

function videoPacket({ timestamp, payload }: RtmpMessage): MediaPacket | null {
  const first = payload[0]
  if (first === undefined) return null
  if ((first & 0x80) !== 0) return enhancedVideoPacket(timestamp, payload)
  const frameType = first >> 4
  if (frameType === COMMAND_FRAME) return null
  if ((first & 0x0f) !== AVC) return packet('video', timestamp, payload, { isKeyframe: frameType === KEYFRAME })
  const type = payload[1]
  if (payload.length < 5 || type === undefined || type > 1) return null
  if (type === SEQUENCE_HEADER) return packet('video', timestamp, payload, { isHeader: true })
  return packet('video', timestamp, payload, {
    isKeyframe: frameType === KEYFRAME,
    compositionTime: payload.readIntBE(2, 3),
  })
}

/** Enhanced RTMP v1: the low half byte is the packet's type, then the codec's four letters. */
function enhancedVideoPacket(timestamp: number, payload: Buffer): MediaPacket | null {
  const [first = 0] = payload
  const type = first & 0x0f
  if (payload.length < 5) return null
  if (type === SEQUENCE_HEADER) return packet('video', timestamp, payload, { isHeader: true })
  const codec = payload.toString('latin1', 1, 5)
  const hasCompositionTime = type === 1 && (codec === 'hvc1' || codec === 'avc1')
  if ((type !== 1 && type !== 3) || (hasCompositionTime && payload.length < 8)) return null
  return packet('video', timestamp, payload, {
    isKeyframe: ((first >> 4) & 0x07) === KEYFRAME,
    compositionTime: hasCompositionTime ? payload.readIntBE(5, 3) : 0,
  })
}

/** FLV has no "@setDataFrame": it is the publisher's order to keep what follows. */
function metadataPacket({ type, timestamp, payload }: RtmpMessage): MediaPacket | null {
  let data = type === DATA_AMF3 ? payload.subarray(1) : payload
  if (startsWith(data, SET_DATA_FRAME)) data = data.subarray(SET_DATA_FRAME.length)
  return startsWith(data, ON_META_DATA) ? packet('metadata', timestamp, data, {}) : null
}

function startsWith(data: Buffer, prefix: Buffer): boolean {
  return data.subarray(0, prefix.length).equals(prefix)
}

function packet(
  kind: MediaPacket['kind'],
  dts: number,
  data: Buffer,
  { isHeader = false, isKeyframe = false, compositionTime = 0 },
): MediaPacket {
  return { kind, isHeader, isKeyframe, dts, pts: dts + compositionTime, data }
}
