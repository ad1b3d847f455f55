/** Something that is shown from one moment to another. */
export interface Cue {
  /** Seconds. */
  start: number
  end: number
  /** WebVTT cue text; lines are parted by `\n`. */
  text: string
  /** WebVTT cue settings, `line:0 align:start`; empty for none. */
  settings: string
}
