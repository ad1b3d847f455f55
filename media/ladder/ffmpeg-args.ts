import { AUDIO_BITRATE_BPS, MAX_ENCODED_FRAME_RATE } from '../../config/ladder.ts'
import { type Ladder, OUTPUT_OFFSET_SECONDS, type Rendition, type Source } from './ladder.ts'

/** One ffmpeg run, without the places it reads from and writes to. */
export interface LadderCommand {
  /** Before `-i`. */
  inputOptions: string[]
  /** `-filter_complex`, or null when nothing is encoded. */
  filter: string | null
  /** In the ladder's order. */
  outputs: { name: string; options: string[] }[]
}

/**
 * FLV's clock. Encoders otherwise count in frames of the nominal rate, which moves every picture up to half a frame
 * away from the copied one: the players' switch points would not agree.
 */
const ENCODER_TIME_BASE = '1:1000'
/** Of ffmpeg; media comes from strangers, and the other four hundred are as many ways in. */
export const DECODERS = 'h264,aac,mp3float,mp3'
const VIDEO_TIMESCALE = '90000'
/** Longer than any GOP: keyframes come from `-force_key_frames` alone. */
const LONGEST_GOP = '600'
const PEAK_FACTOR = 1.07

export function ladderCommand(ladder: Ladder, source: Source): LadderCommand {
  const encoded = ladder.renditions.filter(({ isCopied, height }) => !isCopied && height !== null)
  return {
    inputOptions: inputOptions(source),
    filter: encoded.length > 0 ? scaleFilter(encoded, source) : null,
    outputs: ladder.renditions.map((rendition) => ({
      name: rendition.name,
      options: [
        ...(rendition.height === null ? ['-vn'] : videoOptions(rendition, ladder)),
        ...(source.audio ? audioOptions() : ['-an']),
        ...muxerOptions(rendition, source),
      ],
    })),
  }
}

/**
 * - `copyts`: times stay those of the FLV, so the packet at 0 comes out at OUTPUT_OFFSET_SECONDS whichever track it is
 *   of, B-frames or not. Without it ffmpeg takes away the smallest first presentation time. It also leaves gaps alone.
 * - `low_delay`: no frame threads in the decoder, each of which holds a frame back.
 * - what there is, the FLV's headers say, so ffmpeg need not look for the second of media that it takes otherwise
 *   (measured, 5.1.9: first output after 1,051 ms of live input instead of 100). With two tracks it begins when both have
 *   brought a frame, in any order; a `probesize` of a few kilobytes makes it give up on a picture that comes after much
 *   sound ("dimensions not set"). With one track only `analyzeduration` stops it: it waits for a second track up to
 *   `probesize`, which near-silent sound does not fill in a minute.
 * - whitelists: what a publisher sends is opened as FLV with these decoders, and nothing it names is opened at all.
 */
function inputOptions({ video, audio }: Source): string[] {
  return [
    ...['-copyts', '-fflags', '+genpts', '-flags', 'low_delay'],
    ...['-fpsprobesize', '0', ...(video && audio ? [] : ['-analyzeduration', '1'])],
    ...['-protocol_whitelist', 'pipe', '-codec_whitelist', DECODERS, '-f', 'flv'],
  ]
}

/**
 * One decode, one scaler each. The `select` caps the frame rate and keeps every keyframe: a `fps` filter would drop
 * them at 60 fps and `-force_key_frames source` would find none (measured: only the first was left).
 */
function scaleFilter(encoded: readonly Rendition[], source: Source): string {
  const isFast = (source.video?.frameRate ?? 0) > MAX_ENCODED_FRAME_RATE * 1.05
  const cap = isFast
    ? `select='key+isnan(prev_selected_t)+gte(t-prev_selected_t,1/${MAX_ENCODED_FRAME_RATE + 1})',`
    : ''
  const split = encoded.length > 1 ? `split=${encoded.length}` : 'null'
  return [
    `[0:v]${cap}${split}${encoded.map(({ name }) => `[in_${name}]`).join('')}`,
    ...encoded.map(
      ({ name, width, height }) =>
        `[in_${name}]scale=${width}:${height}:flags=bicubic,format=yuv420p,setsar=1[v_${name}]`,
    ),
  ].join(';')
}

/**
 * - `zerolatency`: no lookahead, no B-frames, no frame threads; a frame leaves the encoder when it enters. Its slices
 *   use several processors, which matters because ffmpeg 5 runs its encoders one after the other in one thread; they
 *   cost no more in all (measured: 0.54 to 0.56 of a core with 1, 2, 4 and automatic).
 * - `fps`: zerolatency counts bits by frames, at the rate of the filter's input: 60 fps capped to 30 came out at half
 *   the bitrate, and a source that shows a still slide at 1 fps while it is probed would come out at thirty times it
 *   (measured: 666 and 1,290 kbit/s of 1,200, without and with). At a constant 30, fewer frames take fewer bits.
 *   Counting by time (`force-cfr=0`) costs two frames of delay (measured), and so does the `setts` bitstream filter.
 */
function videoOptions(rendition: Rendition, ladder: Ladder): string[] {
  if (rendition.isCopied) return ['-map', '0:v:0', '-c:v', 'copy']
  const bitrate = rendition.videoBitrateBps ?? 0
  return [
    ...['-map', `[v_${rendition.name}]`, '-fps_mode', 'passthrough', '-enc_time_base:v', ENCODER_TIME_BASE],
    ...['-c:v', 'libx264', '-preset', ladder.preset ?? 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high'],
    ...['-pix_fmt', 'yuv420p', '-x264-params', `fps=${MAX_ENCODED_FRAME_RATE}`],
    ...['-b:v', String(bitrate), '-maxrate', String(Math.round(bitrate * PEAK_FACTOR)), '-bufsize', String(bitrate)],
    ...['-sc_threshold', '0', '-g', LONGEST_GOP, '-threads', slices(rendition)],
    ...['-force_key_frames', ladder.keyframes === 'source' ? 'source' : 'expr:gte(t,n_forced)'],
  ]
}

/** On a machine of 32 processors x264 would cut 360 lines into five slices, and each cut costs quality. */
function slices({ height }: Rendition): string {
  return (height ?? 0) >= 720 ? '4' : '2'
}

/** `async` fills gaps with silence and follows the publisher's clock, so sound never drifts from the picture. */
function audioOptions(): string[] {
  return [
    ...['-map', '0:a:0', '-c:a', 'aac', '-b:a', String(AUDIO_BITRATE_BPS), '-ac', '2', '-ar', '48000'],
    ...['-af', 'aresample=async=1000:first_pts=0'],
  ]
}

/**
 * - `frag_duration 1` (µs): a frame leaves when the next one of its track comes. Measured (5.1.9, 720p30, from packet in
 *   to fragment out, median and 95 %): picture 46 and 55 ms, sound 65 and 73 (43 of them the AAC encoder's), first
 *   output 100 ms after the first packets, 72 kbit/s of boxes, which the packager replaces by one a part. With 30 ms a
 *   fragment waits for a third packet: 72 and 78 ms. `frag_every_frame` is faster, 12 ms, and wrong: as soon as there are
 *   two tracks every picture but the first gets the decode time of the one after it.
 * - `frag_discont`: without it the output offset is left out of the fragments' times.
 * - no `cmaf`: it makes composition offsets negative, which libavformat's own players (ffplay, mpv, VLC) read as a shift
 *   of the picture by up to two frames against the sound when a copied top has B-frames.
 * - `max_interleave_delta 1` (µs): a picture does not wait for the sound of its time (10 ms at the median, 120 at
 *   95 %), and a microphone that falls silent does not hold the picture for the ten seconds that are the default.
 * - `max_muxing_queue_size`: sound that starts later than the picture is waited for; 128 packets, the default, are less
 *   than the two seconds it may be late.
 */
function muxerOptions(rendition: Rendition, source: Source): string[] {
  const isMuxed = rendition.height !== null && source.audio !== null
  return [
    ...(rendition.height === null ? [] : ['-video_track_timescale', VIDEO_TIMESCALE]),
    ...(isMuxed ? ['-max_interleave_delta', '1', '-max_muxing_queue_size', '4096'] : []),
    ...['-f', 'mp4', '-movflags', '+empty_moov+default_base_moof+frag_discont', '-frag_duration', '1'],
    ...['-use_editlist', '0', '-avoid_negative_ts', 'disabled'],
    ...['-output_ts_offset', String(OUTPUT_OFFSET_SECONDS), '-flush_packets', '1'],
    ...['-map_metadata', '-1'],
  ]
}
