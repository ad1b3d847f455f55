import type { MediaPacket } from '../ingest/publisher.ts'

/**
 * True when this packet is a codec configuration other than the one in force: another picture size, profile or sample
 * rate. Encoders repeat the same one now and then, which means nothing.
 *
 * ffmpeg must not see it in mid-run: a copied top would go on under the old `avcC` and not decode, and the encoded
 * renditions keep their size but nobody would know. The run is ended at the next keyframe and another begun.
 */
export function configurationChanged(previous: MediaPacket, packet: MediaPacket): boolean {
  return packet.isHeader && packet.kind === previous.kind && !packet.data.equals(previous.data)
}
