import { open } from 'node:fs/promises'

/**
 * Whether a segment ends where its last box does (ISO/IEC 14496-12, 4.2) and has media in it. ffmpeg goes on, and ends well,
 * when a disk is full: what it wrote is cut off then.
 */
export async function isWholeSegment(file: string): Promise<boolean> {
  await using handle = await open(file)
  const { size } = await handle.stat()
  const head = Buffer.alloc(16)
  let hasMedia = false
  let at = 0
  while (at + 8 <= size) {
    const { bytesRead } = await handle.read(head, 0, 16, at)
    const short = head.readUInt32BE(0)
    const length = short === 1 && bytesRead === 16 ? Number(head.readBigUInt64BE(8)) : short
    if (length < 8) return false
    hasMedia ||= head.toString('latin1', 4, 8) === 'mdat'
    at += length
  }
  return hasMedia && at === size
}
