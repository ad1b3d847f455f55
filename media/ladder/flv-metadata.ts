import { flvTag } from './flv.ts'
import type { Source } from './ladder.ts'

/**
 * The script tag that ffmpeg reads instead of measuring: with the frame rate from here its rate control is right from
 * the first frame, and it need not look at a second of media. Made from what was probed, never the publisher's own.
 */
export function sourceTag(source: Source): Buffer {
  const values: [string, number][] = []
  if (source.video) {
    values.push(['width', source.video.width], ['height', source.video.height], ['framerate', source.video.frameRate])
  }
  if (source.audio) values.push(['audiosamplerate', source.audio.sampleRate])
  const data = Buffer.concat([
    Buffer.from([AMF_STRING]),
    amfName('onMetaData'),
    Buffer.from([AMF_ECMA_ARRAY, 0, 0, 0, values.length]),
    ...values.flatMap(([name, value]) => [amfName(name), amfNumber(value)]),
    Buffer.from([0, 0, AMF_OBJECT_END]),
  ])
  return flvTag({ kind: 'metadata', isHeader: false, isKeyframe: false, dts: 0, pts: 0, data })
}

const AMF_NUMBER = 0
const AMF_STRING = 2
const AMF_ECMA_ARRAY = 8
const AMF_OBJECT_END = 9

function amfName(name: string): Buffer {
  const bytes = Buffer.alloc(2 + name.length)
  bytes.writeUInt16BE(name.length)
  bytes.write(name, 2, 'latin1')
  return bytes
}

function amfNumber(value: number): Buffer {
  const bytes = Buffer.alloc(9)
  bytes[0] = AMF_NUMBER
  bytes.writeDoubleBE(value, 1)
  return bytes
}
