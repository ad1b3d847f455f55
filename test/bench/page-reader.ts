/** One frame as the page saw it: milliseconds since 1970 and the two words of its time code. */
export interface SeenFrame {
  /** When the callback ran, and when the browser says that the frame is on the screen. */
  calledAtMs: number
  shownAtMs: number
  high: number
  low: number
  height: number
  /** Seconds of media from this frame to the end of the buffer: what the player could have skipped. */
  ahead: number
}

/** What a page has noted since it was opened. */
export interface PageNotes {
  navigatedAtMs: number
  frames: SeenFrame[]
  waitingAtMs: number[]
}

export interface CodeGeometry {
  pictureWidth: number
  pictureHeight: number
  left: number
  top: number
  block: number
  columns: number
  rows: number
}

/**
 * Runs in the page, before its own scripts: finds every `<video>`, also in open shadow roots, and notes each frame that
 * it presents in `window.benchNotes`. Stands by itself, since only its text reaches the page.
 */
export function readFrames(code: CodeGeometry): void {
  const notes: PageNotes = { navigatedAtMs: performance.timeOrigin, frames: [], waitingAtMs: [] }
  Object.assign(window, { benchNotes: notes })
  const watched = new WeakSet<HTMLVideoElement>()
  const cell = 4
  const canvas = document.createElement('canvas')
  canvas.width = code.columns * cell
  canvas.height = code.rows * cell
  const pen = canvas.getContext('2d', { willReadFrequently: true })

  const readWords = (video: HTMLVideoElement): [number, number] => {
    const scale = video.videoWidth / code.pictureWidth
    const from = [code.left, code.top, code.columns * code.block, code.rows * code.block].map((size) => size * scale)
    const [x = 0, y = 0, width = 0, height = 0] = from
    pen?.drawImage(video, x, y, width, height, 0, 0, canvas.width, canvas.height)
    const pixels = pen?.getImageData(0, 0, canvas.width, canvas.height).data
    const words: [number, number] = [0, 0]
    for (let bit = 0; bit < 48; bit++) {
      const [row, column] = [Math.floor(bit / code.columns), bit % code.columns]
      const at = ((row * cell + cell / 2) * canvas.width + column * cell + cell / 2) * 4
      const isSet = (pixels?.[at + 1] ?? 0) > 127
      if (isSet) words[bit < 24 ? 0 : 1] |= 1 << (23 - (bit % 24))
    }
    return words
  }

  const watch = (video: HTMLVideoElement) => {
    if (watched.has(video)) return
    watched.add(video)
    video.addEventListener('waiting', () => notes.waitingAtMs.push(Date.now()))
    const note: VideoFrameRequestCallback = (_now, { expectedDisplayTime }) => {
      video.requestVideoFrameCallback(note)
      const calledAtMs = Date.now()
      const [high, low] = readWords(video)
      const { buffered, currentTime } = video
      const ahead = buffered.length > 0 ? buffered.end(buffered.length - 1) - currentTime : 0
      const shownAtMs = performance.timeOrigin + expectedDisplayTime
      notes.frames.push({ calledAtMs, shownAtMs, high, low, height: video.videoHeight, ahead })
    }
    video.requestVideoFrameCallback(note)
  }

  const search = (root: ParentNode) => {
    for (const element of root.querySelectorAll('*')) {
      if (element instanceof HTMLVideoElement) watch(element)
      if (element.shadowRoot) search(element.shadowRoot)
    }
  }
  const keepSearching = () => {
    search(document)
    // Often until there is one, so that no first frame is missed; then rarely, for one that takes its place.
    if (notes.frames.length === 0) requestAnimationFrame(keepSearching)
    else setTimeout(keepSearching, 2000)
  }
  requestAnimationFrame(keepSearching)
}
