import type { MediaPacket } from '../ingest/publisher.ts'

const TAG_TYPES = { audio: 8, video: 9, metadata: 18 } as const

/** @param tracks what follows; ffmpeg waits for every track that is announced here */
export function flvHeader(tracks: { hasAudio: boolean; hasVideo: boolean }): Buffer {
  return Buffer.from([
    0x46,
    0x4c,
    0x56,
    1,
    (tracks.hasAudio ? 4 : 0) | (tracks.hasVideo ? 1 : 0),
    0,
    0,
    0,
    9,
    0,
    0,
    0,
    0,
  ])
}

export function flvTag(packet: MediaPacket): Buffer {
  const size = packet.data.length
  const tag = Buffer.allocUnsafe(11 + size + 4)
  tag[0] = TAG_TYPES[packet.kind]
  tag.writeUIntBE(size, 1, 3)
  tag.writeUIntBE(packet.dts & 0xffffff, 4, 3)
  tag[7] = (packet.dts >>> 24) & 0xff
  tag.writeUIntBE(0, 8, 3)
  packet.data.copy(tag, 11)
  tag.writeUInt32BE(11 + size, 11 + size)
  return tag
}
