import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import { ApiError } from '../api.ts'
import { toolButtons } from '../teach/teach-styles.ts'
import '../ui/confirm-dialog.ts'
import { durationWords, sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { errorText } from '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { cancelUpload, resumeUpload } from './uploads.ts'
import type { VideoUpload } from './video-upload.ts'
import { rateText } from './video-words.ts'

/** One file on its way: how far, how fast, and the buttons to hold or end it. */
export class UploadRow extends LitElement {
  static override styles = [
    base,
    toolButtons,
    css`
      .row { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px 16px; align-items: center; padding: 14px 16px; border: 1px solid var(--line); border-radius: 18px; background: var(--surface) }
      .name { font-weight: 620; overflow-wrap: anywhere }
      .words { font-variant-numeric: tabular-nums }
      .words.bad { color: var(--bad-ink) }
      .tools { display: flex; gap: 4px }
      progress { grid-column: 1 / -1; appearance: none; width: 100%; height: 8px; border: 0; border-radius: 99px; overflow: hidden; background: var(--sunken) }
      progress::-webkit-progress-bar { background: var(--sunken) }
      progress::-webkit-progress-value { background: var(--accent); border-radius: 99px; transition: width 0.2s }
      progress::-moz-progress-bar { background: var(--accent) }
      .still progress::-webkit-progress-value { background: var(--ink-soft) }
      .still progress::-moz-progress-bar { background: var(--ink-soft) }
    `,
  ]
  static override properties = { upload: { attribute: false }, turn: {} }

  declare upload: VideoUpload | null
  /** Changes whenever the upload has. */
  declare turn: number

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.upload = null
    this.turn = 0
  }

  async #cancel(upload: VideoUpload): Promise<void> {
    const dialog = this.renderRoot.querySelector('confirm-dialog')
    if (upload.sentBytes > 0 && !(await dialog?.ask())) return
    try {
      await cancelUpload(upload)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      await toast(errorText(error), 'danger')
    }
  }

  #words(upload: VideoUpload): string {
    const { state, sentBytes, file, bytesPerSecond, isStalled } = upload
    if (state === 'failed') return upload.error ? errorText(upload.error) : ''
    const [sent, all] = [sizeText(sentBytes), sizeText(file.size)]
    const percent = Math.floor((sentBytes / Math.max(1, file.size)) * 100)
    if (state === 'waiting') return msg(str`Waiting for its turn · ${all}`)
    if (state === 'paused') return msg(str`Paused at ${percent} % · ${sent} of ${all}`)
    if (isStalled) return msg(str`The server cannot be reached; it goes on by itself · ${percent} %`)
    const parts = [msg(str`${percent} % · ${sent} of ${all}`)]
    if (bytesPerSecond) {
      const left = durationWords((file.size - sentBytes) / bytesPerSecond)
      parts.push(rateText(bytesPerSecond), msg(str`${left} left`))
    }
    return parts.join(' · ')
  }

  protected override render() {
    const { upload } = this
    if (!upload) return nothing
    const { name, size } = upload.file
    const isMoving = upload.state === 'sending' || upload.state === 'waiting'
    return html`<div class=${isMoving ? 'row' : 'row still'} data-state=${upload.state}>
        <div>
          <p class="name">${name}</p>
          <p class="words small ${upload.state === 'failed' ? 'bad' : 'soft'}" role=${upload.state === 'failed' ? 'alert' : nothing}>${this.#words(upload)}</p>
        </div>
        <div class="tools">
          ${
            isMoving
              ? html`<button class="tool" aria-label=${msg(str`Pause “${name}”`)} title=${msg('Pause')} @click=${() => void upload.pause()}>${icon('pause')}</button>`
              : html`<button class="tool" aria-label=${msg(str`Go on with “${name}”`)} title=${msg('Go on')} @click=${() => resumeUpload(upload)}>${icon('play')}</button>`
          }
          <button class="tool bad" aria-label=${msg(str`Cancel “${name}”`)} title=${msg('Cancel')} @click=${() => void this.#cancel(upload)}>${icon('xmark')}</button>
        </div>
        <progress max=${Math.max(1, size)} .value=${upload.sentBytes} aria-label=${msg(str`Upload of “${name}”`)}></progress>
      </div>
      <confirm-dialog heading=${msg('Cancel the upload?')} action=${msg('Cancel the upload')}>
        <p>${msg('What has arrived so far is deleted. To stop for now and go on later, pause it instead.')}</p>
      </confirm-dialog>`
  }
}
customElements.define('upload-row', UploadRow)

declare global {
  interface HTMLElementTagNameMap {
    'upload-row': UploadRow
  }
}
