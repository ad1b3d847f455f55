import { describe, expect, it } from 'vitest'
import { chooseLadder } from '../../../media/ladder/choose-ladder.ts'
import { ladderCommand } from '../../../media/ladder/ffmpeg-args.ts'
import type { Source } from '../../../media/ladder/ladder.ts'

function command(video: Partial<NonNullable<Source['video']>> | null = {}, hasAudio = true) {
  const source: Source = {
    video: video && {
      codec: 'h264',
      width: 1280,
      height: 720,
      frameRate: 30,
      keyframeIntervalSeconds: 1,
      bitrateBps: 2_500_000,
      ...video,
    },
    audio: hasAudio ? { codec: 'aac', sampleRate: 48000, channels: 2 } : null,
  }
  const { inputOptions, filter, outputs } = ladderCommand(chooseLadder(source, { processors: 8 }), source)
  return {
    input: inputOptions.join(' '),
    filter,
    outputs: new Map(outputs.map(({ name, options }) => [name, options.join(' ')])),
  }
}

describe('the command of a ladder', () => {
  it('copies the top and encodes the rest at its keyframes', () => {
    const { outputs, filter } = command()
    expect([...outputs.keys()]).toEqual(['720p', '480p', '360p'])
    expect(outputs.get('720p')).toContain('-map 0:v:0 -c:v copy')
    expect(outputs.get('480p')).toContain('-map [v_480p]')
    expect(outputs.get('480p')).toContain('-b:v 1200000 -maxrate 1284000 -bufsize 1200000')
    expect(outputs.get('480p')).toContain('-force_key_frames source')
    expect(filter).toContain('split=2[in_480p][in_360p];[in_480p]scale=854:480')
    expect(filter).not.toContain('select')
  })

  it('puts a keyframe at each second when nothing is copied', () => {
    const { outputs, filter } = command({ keyframeIntervalSeconds: null })
    for (const options of outputs.values()) expect(options).toContain('-force_key_frames expr:gte(t,n_forced)')
    expect(filter).toContain('split=3')
  })

  it('caps sixty frames a second without losing a keyframe', () => {
    expect(command({ frameRate: 60 }).filter).toContain(
      "select='key+isnan(prev_selected_t)+gte(t-prev_selected_t,1/31)'",
    )
  })

  it('needs no filter where nothing is encoded', () => {
    expect(command({ width: 480, height: 270 }).filter).toBeNull()
    expect(command(null).filter).toBeNull()
  })

  it('gives every rendition the same sound and the same muxer', () => {
    const { outputs } = command()
    for (const options of outputs.values()) {
      expect(options).toContain('-c:a aac -b:a 128000 -ac 2 -ar 48000 -af aresample=async=1000:first_pts=0')
      expect(options).toContain('-use_editlist 0 -avoid_negative_ts disabled -output_ts_offset 10 -flush_packets 1')
    }
  })

  it('of a picture alone has no sound, of sound alone no picture', () => {
    for (const options of command({}, false).outputs.values()) expect(options).toContain('-an')
    const sound = command(null).outputs.get('audio') ?? ''
    expect(sound).toContain('-vn')
    expect(sound).toContain('-c:a aac')
  })

  it('opens what strangers send as FLV, with few decoders, through the pipe alone', () => {
    expect(command().input).toContain('-protocol_whitelist pipe -codec_whitelist h264,aac,mp3float,mp3 -f flv')
    // It throws the probed packets away: the copied top loses its first sixty frames.
    expect(command().input).not.toContain('nobuffer')
  })
})
