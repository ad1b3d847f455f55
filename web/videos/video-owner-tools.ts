import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/dialog/dialog.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import type { VideoJson } from '../../server/videos/contract.ts'
import { ApiError, send } from '../api.ts'
import { formControls } from '../learn/form-controls.ts'
import { go } from '../router.ts'
import '../teach/make-lesson.ts'
import '../ui/confirm-dialog.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { visibilityText } from './video-words.ts'

const visibilities = ['public', 'unlisted', 'enrolled'] as const

/**
 * What its owner does with a video: a lesson, another title, other viewers, the end of it.
 *
 * @fires saved - It has changed.
 */
export class VideoOwnerTools extends LitElement {
  static override styles = [
    base,
    buttons,
    formControls,
    css`
      :host { margin-top: 8px }
      .tools { display: flex; flex-wrap: wrap; gap: 10px }
      form { display: grid; gap: 16px }
      label { display: grid; gap: 6px }
      .foot { display: flex; justify-content: flex-end; flex-wrap: wrap; gap: 10px }
      notice-box { margin-top: 12px }
    `,
  ]
  static override properties = {
    video: { attribute: false },
    isOpen: { state: true },
    isBusy: { state: true },
    error: { state: true },
  }

  declare video: VideoJson | null
  declare isOpen: boolean
  declare isBusy: boolean
  declare error: ApiError | null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.video = null
    this.isOpen = false
    this.isBusy = false
    this.error = null
  }

  async #do(act: () => Promise<void>): Promise<void> {
    this.error = null
    this.isBusy = true
    try {
      await act()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    } finally {
      this.isBusy = false
    }
  }

  #save(event: SubmitEvent, { id }: VideoJson): void {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    void this.#do(async () => {
      await send('PATCH', `/api/videos/${id}/`, {
        title: String(fields.get('title')).trim(),
        visibility: fields.get('visibility'),
      })
      this.isOpen = false
      this.dispatchEvent(new Event('saved'))
      await toast(msg('Saved.'))
    })
  }

  async #delete({ id }: VideoJson): Promise<void> {
    if (!(await this.renderRoot.querySelector('confirm-dialog')?.ask())) return
    await this.#do(async () => {
      await send('DELETE', `/api/videos/${id}/`)
      go('/videos')
    })
  }

  #onHide(event: Event): void {
    if (event.target === event.currentTarget) this.isOpen = false
  }

  protected override render() {
    const { video } = this
    if (!video) return nothing
    return html`<div class="tools">
        ${video.status === 'ready' ? html`<make-lesson .video=${video.id} .heading=${video.title}></make-lesson>` : nothing}
        <button class="button quiet" @click=${() => (this.isOpen = true)}>${icon('edit')}${msg('Edit')}</button>
        <button class="button quiet" @click=${() => void this.#delete(video)}>${icon('trash')}${msg('Delete')}</button>
      </div>
      ${this.error && !this.isOpen ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      <wa-dialog label=${msg('Edit the video')} ?open=${this.isOpen} @wa-hide=${this.#onHide}>
        ${
          this.isOpen
            ? html`<form @submit=${(event: SubmitEvent) => this.#save(event, video)}>
                ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
                <wa-input name="title" label=${msg('Title')} value=${video.title} maxlength="200" required></wa-input>
                <label>${msg('Who may watch')}
                  <select class="field" name="visibility">
                    ${visibilities.map((one) => html`<option value=${one} ?selected=${one === video.visibility}>${visibilityText(one)}</option>`)}
                  </select>
                </label>
              </form>`
            : nothing
        }
        <div slot="footer" class="foot">
          <wa-button appearance="outlined" @click=${() => (this.isOpen = false)}>${msg('Cancel')}</wa-button>
          <wa-button variant="brand" ?loading=${this.isBusy} @click=${() => this.renderRoot.querySelector('form')?.requestSubmit()}>${msg('Save')}</wa-button>
        </div>
      </wa-dialog>
      <confirm-dialog heading=${msg('Delete this video?')} action=${msg('Delete')}>
        <p>${msg('The video and everything made of it is deleted. This cannot be taken back.')}</p>
      </confirm-dialog>`
  }
}
customElements.define('video-owner-tools', VideoOwnerTools)

declare global {
  interface HTMLElementTagNameMap {
    'video-owner-tools': VideoOwnerTools
  }
}
