import Hls, { type Events, type FragLoadingData } from 'hls.js/light'

/**
 * hls.js's choice of renditions without its abandoning of parts. That was made for segments of seconds: a part of a
 * fifth of a second that waits for one lost packet looks to it like a network that collapsed, and giving it up for
 * another rendition (a playlist, an init segment and the part again) takes longer than the packet would have.
 */
export class PatientAbr extends Hls.DefaultConfig.abrController {
  protected override onFragLoading(event: Events.FRAG_LOADING, data: FragLoadingData): void {
    super.onFragLoading(event, data)
    if (data.part) this.clearTimer()
  }
}
