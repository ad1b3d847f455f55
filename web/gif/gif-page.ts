import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import type { ExportJson } from '../../server/exports/contract.ts'
import { ApiError } from '../api.ts'
import { sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { exportErrorText } from './export-words.ts'
import './made-file.ts'
import './piece-form.ts'
import type { WantedPiece } from './piece-form.ts'
import { sendForm } from './send-form.ts'
import type { Stretch } from './stretch.ts'

const MOST_BYTES = 200_000_000

/** Makes a GIF, a WebP, an MP4 or an MP3 of a file of one's own; nobody has to sign in for it. */
export class GifPage extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      :host { max-width: 860px; margin-inline: auto }
      .lead { margin: 10px 0 24px; max-width: 40em }
      .zone { display: grid; justify-items: center; gap: 14px; padding: clamp(28px, 7vw, 64px) 20px; border: 2px dashed var(--line); border-radius: 20px; background: var(--accent-tint); text-align: center }
      .zone.over { border-color: var(--accent); outline: 3px solid var(--accent) }
      .zone svg { color: var(--accent) }
      .chosen { display: flex; flex-wrap: wrap; align-items: center; gap: 8px 16px; margin-bottom: 14px }
      .chosen strong { overflow-wrap: anywhere }
      .chosen .button { margin-left: auto }
      .preview { display: block; width: 100%; max-height: 46vh; margin-bottom: 18px; border-radius: var(--radius); background: #0b100f }
      .preview.unseen { position: absolute; width: 1px; height: 1px; opacity: 0 }
      .hint, .bad { margin-bottom: 18px; padding: 14px 18px; border-radius: var(--radius-small) }
      .hint { background: var(--warn-tint); color: var(--warn-ink) }
      .bad { background: var(--bad-tint); color: var(--bad-ink) }
      .sending { display: grid; gap: 12px; justify-items: start; margin-top: 24px; padding: 20px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface) }
      .sending p { display: flex; justify-content: space-between; gap: 16px; width: 100%; font-variant-numeric: tabular-nums }
      progress { width: 100%; height: 10px; accent-color: var(--accent) }
      made-file { margin-top: 24px }
    `,
  ]
  static override properties = {
    isOver: { state: true },
    file: { state: true },
    total: { state: true },
    isSeen: { state: true },
    piece: { state: true },
    sent: { state: true },
    job: { state: true },
    isMaking: { state: true },
    problem: { state: true },
  }

  declare isOver: boolean
  declare file: File | null
  /** Seconds of it; null when the browser cannot tell. */
  declare total: number | null
  /** The browser shows its picture. */
  declare isSeen: boolean
  declare piece: Stretch
  /** A share, 0–1; null while nothing is sent. */
  declare sent: number | null
  declare job: string | null
  declare isMaking: boolean
  declare problem: string
  #address: string | null = null
  #sending: AbortController | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.isOver = false
    this.file = null
    this.total = null
    this.isSeen = true
    this.piece = { start: 0, duration: 3 }
    this.sent = null
    this.job = null
    this.isMaking = false
    this.problem = ''
  }

  override connectedCallback(): void {
    super.connectedCallback()
    for (const type of ['dragover', 'dragleave', 'drop'] as const) window.addEventListener(type, this.#onDrag)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    for (const type of ['dragover', 'dragleave', 'drop'] as const) window.removeEventListener(type, this.#onDrag)
    this.#sending?.abort()
    if (this.#address) URL.revokeObjectURL(this.#address)
  }

  /** A file that misses the zone would otherwise be opened in place of the page. */
  readonly #onDrag = (event: DragEvent): void => {
    if (!event.dataTransfer?.types.includes('Files')) return
    event.preventDefault()
    this.isOver = event.type === 'dragover'
    const [file] = event.dataTransfer.files
    if (event.type === 'drop' && file) this.#take(file)
  }

  #onChosen(event: Event): void {
    const input = event.target as HTMLInputElement
    const [file] = input.files ?? []
    if (file) this.#take(file)
    // The same file may be chosen again.
    input.value = ''
  }

  #take(file: File): void {
    this.#sending?.abort()
    this.problem = ''
    if (file.size > MOST_BYTES || file.size === 0) {
      this.problem =
        file.size === 0
          ? msg('The file is empty. Choose another one.')
          : msg('The file is too large: at most 200 MB. Choose a smaller one.')
      return
    }
    if (this.#address) URL.revokeObjectURL(this.#address)
    this.#address = URL.createObjectURL(file)
    this.file = file
    this.job = null
    this.isMaking = false
    this.total = null
    this.isSeen = true
    this.piece = { start: 0, duration: 3 }
  }

  #onMetadata(event: Event): void {
    const { duration, videoWidth } = event.target as HTMLVideoElement
    this.isSeen = videoWidth > 0
    if (!Number.isFinite(duration) || duration <= 0) return
    this.total = duration
    this.piece = { start: 0, duration: Math.round(Math.min(3, duration) * 10) / 10 }
  }

  #onPick({ detail }: CustomEvent<Stretch & { moved: string }>): void {
    const { start, duration, moved } = detail
    this.piece = { start, duration }
    const video = this.renderRoot.querySelector<HTMLVideoElement>('.preview')
    if (video && this.total !== null) video.currentTime = moved === 'end' ? start + duration : start
  }

  /** Plays the piece over and over. */
  #onTime(event: Event): void {
    const video = event.target as HTMLVideoElement
    const { start, duration } = this.piece
    if (!video.paused && video.currentTime >= start + duration) video.currentTime = start
  }

  async #make({ detail }: CustomEvent<WantedPiece>): Promise<void> {
    if (!this.file) return
    const form = new FormData()
    for (const [name, value] of Object.entries(detail)) form.set(name, String(value))
    form.set('file', this.file)
    const sending = new AbortController()
    this.#sending = sending
    this.problem = ''
    this.job = null
    this.sent = 0
    this.isMaking = true
    try {
      const { id } = await sendForm<ExportJson>('/api/convert/', form, {
        signal: sending.signal,
        onProgress: (share) => {
          if (this.#sending === sending) this.sent = share
        },
      })
      this.job = id
    } catch (error) {
      this.isMaking = false
      if (error instanceof ApiError) this.problem = exportErrorText(error)
      else if (!sending.signal.aborted) throw error
    } finally {
      if (this.#sending === sending) {
        this.#sending = null
        this.sent = null
      }
    }
  }

  #chooser(text: string, className: string) {
    return html`<button class=${className} @click=${() => this.renderRoot.querySelector('input')?.click()}>${text}</button>
      <input type="file" hidden accept="video/*,audio/*,image/gif,.mkv,.mov,.avi,.ts,.m4v" @change=${this.#onChosen} />`
  }

  #zone() {
    return html`<div class=${this.isOver ? 'zone over' : 'zone'}>
      ${icon('file', 44)}
      <p><strong>${msg('Drop a video or a sound file here')}</strong></p>
      ${this.#chooser(msg('Choose a file'), 'button')}
      <p class="soft small">${msg('Up to 200 MB. A GIF may have 30 seconds. Five files an hour. What is made is deleted after a day.')}</p>
    </div>`
  }

  #work(file: File) {
    const percent = Math.floor((this.sent ?? 0) * 100)
    return html`
      <div class="chosen"><strong>${file.name}</strong><span class="soft">${sizeText(file.size)}</span>${this.#chooser(msg('Another file'), 'button quiet')}</div>
      <video class=${this.isSeen ? 'preview' : 'preview unseen'} src=${this.#address ?? nothing} controls muted playsinline
        @loadedmetadata=${this.#onMetadata} @timeupdate=${this.#onTime} @error=${() => (this.isSeen = false)}></video>
      ${this.isSeen ? nothing : html`<p class="hint">${this.total === null ? msg('Your browser cannot play this file, so there is no preview. Say in seconds which piece you want.') : msg('There is no picture in it that your browser can show.')}</p>`}
      <piece-form .total=${this.total} .piece=${this.piece} ?busy=${this.isMaking} @pick=${this.#onPick} @make=${this.#make}></piece-form>
      ${
        this.sent === null
          ? nothing
          : html`<div class="sending">
            <p><span>${msg('The file is being sent…')}</span><span>${percent} %</span></p>
            <progress max="1" .value=${this.sent} aria-label=${msg('Sent so far')}></progress>
            <button class="button quiet" @click=${() => this.#sending?.abort()}>${icon('xmark')}${msg('Cancel')}</button>
          </div>`
      }
      ${this.job ? html`<made-file .job=${this.job} @done=${() => (this.isMaking = false)}></made-file>` : nothing}
    `
  }

  protected override render() {
    document.title = `${msg('Make a GIF')} · Ustat`
    return html`
      <h1>${msg('Make a GIF')}</h1>
      <p class="lead soft">${msg('Of a few seconds of your video; or a WebP, an MP4 or its sound alone. Without an account.')}</p>
      ${this.problem ? html`<p class="bad" role="alert">${this.problem}</p>` : nothing}
      ${this.file ? this.#work(this.file) : this.#zone()}
    `
  }
}
customElements.define('gif-page', GifPage)

declare global {
  interface HTMLElementTagNameMap {
    'gif-page': GifPage
  }
}
