import type { MediaPacket } from '../ingest/publisher.ts'

/**
 * True when this packet is a codec configuration other than the one in force: another picture size, profile or sample
 * rate. Encoders repeat the same one now and then, which means nothing.
 *
 * ffmpeg must not see it in mid-run. Measured (5.1.9): a copied top goes on under its first `avcC` without a second moov and
 * without an error, so players show garbage from there on; encoded renditions are scaled to the old size, in the old
 * shape. So the run is ended at the next keyframe, and another one begins with the new configuration.
 */
export function configurationChanged(previous: MediaPacket, packet: MediaPacket): boolean {
  return packet.isHeader && packet.kind === previous.kind && !packet.data.equals(previous.data)
}
