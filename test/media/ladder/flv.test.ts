import { execFileSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { flvHeader, flvTag } from '../../../media/ladder/flv.ts'
import { sourceTag } from '../../../media/ladder/flv-metadata.ts'
import { clip, packetsOf } from '../../support/clips.ts'

describe('FLV', () => {
  it('written from the packets of a file is that file', async () => {
    const path = await clip()
    const packets = await packetsOf(path)
    const written = Buffer.concat([flvHeader({ hasAudio: true, hasVideo: true }), ...packets.map(flvTag)])
    const original = await readFile(path)
    // The file's last tag, end of sequence, is none that a publisher sends.
    expect(written.equals(original.subarray(0, written.length))).toBe(true)
  })

  it('has times of 32 bits: the upper eight stand apart', () => {
    const data = Buffer.from([0x27])
    const tag = (dts: number) => flvTag({ kind: 'video', isHeader: false, isKeyframe: false, dts, pts: dts, data })
    expect([...tag(0x00fffffe).subarray(4, 8)]).toEqual([0xff, 0xff, 0xfe, 0x00])
    expect([...tag(0x01000001).subarray(4, 8)]).toEqual([0x00, 0x00, 0x01, 0x01])
    expect([...tag(0x92345678).subarray(4, 8)]).toEqual([0x34, 0x56, 0x78, 0x92])
  })

  it('says of itself what was probed, in words that ffmpeg reads', async () => {
    const packets = await packetsOf(await clip({ video: { fps: 25 } }))
    const source = {
      video: { codec: 'h264', width: 320, height: 180, frameRate: 12.5, keyframeIntervalSeconds: 1, bitrateBps: 1 },
      audio: null,
    }
    const input = Buffer.concat([
      flvHeader({ hasAudio: false, hasVideo: true }),
      sourceTag(source),
      ...packets.filter(({ kind }) => kind === 'video').map(flvTag),
    ])
    const answer = execFileSync(
      'ffprobe',
      ['-v', 'error', '-fpsprobesize', '0', '-show_entries', 'stream=avg_frame_rate', '-of', 'csv=p=0', 'pipe:0'],
      { input },
    )
    expect(answer.toString().trim()).toBe('25/2')
  })
})
