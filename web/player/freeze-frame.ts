/**
 * Holds the last picture over a video element while another source takes its place, so that going back in a show, to
 * its edge or to a server that came back does not flash black.
 */
export class FreezeFrame {
  readonly #canvas: HTMLCanvasElement
  #turn = 0

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas
    canvas.hidden = true
  }

  /** Until the element shows its next frame. */
  hold(video: HTMLVideoElement): void {
    const context = this.#canvas.getContext('2d')
    if (!context || video.videoWidth === 0) return
    this.#canvas.width = video.videoWidth
    this.#canvas.height = video.videoHeight
    context.drawImage(video, 0, 0)
    this.#canvas.hidden = false
    this.#turn += 1
    const turn = this.#turn
    const release = (): void => {
      if (turn === this.#turn) this.#canvas.hidden = true
    }
    const afterLoad = (): void => {
      if (turn !== this.#turn) return
      if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(release)
      else release()
    }
    // Frames of the old source may still be presented; only those after the new one's metadata count.
    video.addEventListener('loadeddata', afterLoad, { once: true })
  }
}
