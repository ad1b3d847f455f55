/** A quarter turn to the right in the track's matrix, as a phone held upright writes it (ISO/IEC 14496-12, 8.3.2). */
export function turned(mp4: Buffer): Buffer {
  const matrix = mp4.indexOf('tkhd') + 4 + 40
  for (const [at, value] of [0, 0x10000, 0, -0x10000, 0, 0].entries()) mp4.writeInt32BE(value, matrix + 4 * at)
  return mp4
}

/** Its media is said to be elsewhere (ISO/IEC 14496-12, 8.7.2), in a moov that stands behind the media. */
export function withMediaAt(mp4: Buffer, target: string): Buffer {
  const url = Buffer.concat([Buffer.from('\0\0\0\0url \0\0\0\0', 'latin1'), Buffer.from(`${target}\0`)])
  url.writeUInt32BE(url.length)
  const own = mp4.indexOf(Buffer.from('\0\0\0\x0curl \0\0\0\x01', 'latin1'))
  const bytes = Buffer.concat([mp4.subarray(0, own), url, mp4.subarray(own + 12)])
  for (const type of ['dref', 'dinf', 'minf', 'mdia', 'trak', 'moov']) {
    const box = bytes.lastIndexOf(type, own) - 4
    bytes.writeUInt32BE(bytes.readUInt32BE(box) + url.length - 12, box)
  }
  return bytes
}

/** Every picture of a Motion JPEG in QuickTime says that it is so large, and so does its track (ITU-T T.81, B.2.2). */
export function withPicturesOf(mov: Buffer, width: number, height: number): Buffer {
  const entry = mov.indexOf('jpeg', mov.indexOf('stsd')) + 4 + 24
  mov.writeUInt16BE(width, entry)
  mov.writeUInt16BE(height, entry + 2)
  const startOfFrame = Buffer.from([0xff, 0xc0])
  for (let at = mov.indexOf(startOfFrame); at >= 0; at = mov.indexOf(startOfFrame, at + 2)) {
    mov.writeUInt16BE(height, at + 5)
    mov.writeUInt16BE(width, at + 7)
  }
  return mov
}
