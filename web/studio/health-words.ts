import { msg, str } from '@lit/localize'
import type { BroadcastHealthJson } from '../../server/live/contract.ts'
import { decimalText } from '../ui/format.ts'

export type HealthWarning = BroadcastHealthJson['warnings'][number]

/** What is wrong and what to do about it, in words for somebody who is on air. */
export interface Advice {
  problem: string
  cure: string
}

export function adviceFor(warning: HealthWarning): Advice {
  switch (warning) {
    case 'keyframe_interval_long':
      return {
        problem: msg('The keyframe interval is longer than 2 s, so your picture is encoded again here.'),
        cure: msg(
          'In OBS: Settings, Output, Streaming: set "Keyframe Interval" to 1 s. It takes effect with the next start.',
        ),
      }
    case 'keyframe_interval_unset':
      return {
        problem: msg('Your encoder chooses its keyframe interval itself, so your picture is encoded again here.'),
        cure: msg('In OBS: Settings, Output, Streaming: set "Keyframe Interval" to 1 s instead of 0 (auto).'),
      }
    case 'no_audio':
      return {
        problem: msg('No sound arrives.'),
        cure: msg(
          'In OBS: look at the audio mixer. If the meters do not move, choose your microphone in Settings, Audio.',
        ),
      }
    case 'no_video':
      return {
        problem: msg('No picture arrives, only sound.'),
        cure: msg('In OBS: add a source to the scene and look whether its eye is open. A show of sound only goes on.'),
      }
    case 'overloaded':
      return {
        problem: msg('This server cannot encode all qualities in time, so one was taken away.'),
        cure: msg('Send 720p at 30 frames a second, or ask whoever runs the server for more processor cores.'),
      }
    case 'bitrate_unstable':
      return {
        problem: msg('Your upload is unsteady: viewers may see stalls.'),
        cure: msg(
          'Use a cable instead of Wi-Fi, close other uploads, or lower the bitrate in OBS (2,500 kbit/s is enough for 720p).',
        ),
      }
    case 'timestamps_jumped':
      return {
        problem: msg("Your encoder's clock jumped. The jump was taken out."),
        cure: msg(
          'If it comes again: restart OBS after the show, and remove sources that reconnect (browser, network cameras).',
        ),
      }
    case 'store_unavailable':
      return {
        problem: msg(
          'The store for recordings does not answer. The show goes on and nothing is lost: it waits on disk.',
        ),
        cure: msg('Nothing to do for you. Tell whoever runs the server if it lasts.'),
      }
    case 'disk_full':
      return {
        problem: msg("The server's disk is full: this show is no longer recorded."),
        cure: msg('Tell whoever runs the server at once. Record in OBS as well until it is solved.'),
      }
  }
}

/** `ok` when the interval lets the top quality pass untouched and players join at once. */
export function isKeyframeIntervalGood(seconds: number | null): boolean {
  return seconds !== null && seconds <= 2
}

export function keyframeText(seconds: number | null): string {
  return seconds === null ? msg('not known yet') : msg(str`${decimalText(seconds)} s`)
}

export function statusText(status: BroadcastHealthJson['status']): string {
  switch (status) {
    case 'connecting':
      return msg('Your encoder connects…')
    case 'probing':
      return msg('Looking at what your encoder sends…')
    case 'live':
      return msg('On air')
    case 'waiting':
      return msg('Your encoder lost connection. The show waits 30 s for it.')
    case 'draining':
      return msg('The show ends; the recording is being closed.')
  }
}
