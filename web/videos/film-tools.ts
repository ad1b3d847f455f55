import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import '@awesome.me/webawesome/dist/components/dialog/dialog.js'
import '@awesome.me/webawesome/dist/components/input/input.js'
import { type ApiError, send } from '../api.ts'
import { formControls } from '../learn/form-controls.ts'
import { go } from '../router.ts'
import { attempt } from '../ui/attempt.ts'
import '../ui/confirm-dialog.ts'
import { icon } from '../ui/icons.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { type Visibility, visibilityText } from './video-words.ts'

const visibilities = ['public', 'unlisted', 'enrolled'] as const

/** A recording or a video, as far as it is managed here. */
export interface Film {
  kind: 'recording' | 'video'
  id: string
  title: string
  visibility: Visibility
  /** Where its owner finds the others, once it is gone. */
  shelf: string
}

/**
 * What its owner does with a recording or a video: another title, other viewers, the end of it. Lies among the tools around
 * it as if they were all its parent's.
 *
 * @fires saved - It has changed.
 */
export class FilmTools extends LitElement {
  static override styles = [
    base,
    buttons,
    formControls,
    css`
      :host { display: contents }
      .dialogs { position: absolute }
      form { display: grid; gap: 16px }
      label { display: grid; gap: 6px }
      .foot { display: flex; justify-content: flex-end; flex-wrap: wrap; gap: 10px }
      notice-box { flex: 1 1 100%; order: 1 }
    `,
  ]
  static override properties = {
    film: { attribute: false },
    isOpen: { state: true },
    isBusy: { state: true },
    error: { state: true },
  }

  declare film: Film | null
  declare isOpen: boolean
  declare isBusy: boolean
  declare error: ApiError | null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.film = null
    this.isOpen = false
    this.isBusy = false
    this.error = null
  }

  #save(event: SubmitEvent, film: Film): void {
    event.preventDefault()
    const fields = new FormData(event.target as HTMLFormElement)
    void attempt(this, async () => {
      await send('PATCH', path(film), {
        title: String(fields.get('title')).trim(),
        visibility: fields.get('visibility'),
      })
      this.isOpen = false
      this.dispatchEvent(new Event('saved'))
      await toast(msg('Saved.'))
    })
  }

  async #delete(film: Film): Promise<void> {
    if (!(await this.renderRoot.querySelector('confirm-dialog')?.ask())) return
    await attempt(this, async () => {
      await send('DELETE', path(film))
      go(film.shelf)
      await toast(msg('Deleted.'))
    })
  }

  #onHide(event: Event): void {
    if (event.target === event.currentTarget) this.isOpen = false
  }

  protected override render() {
    const { film } = this
    if (!film) return nothing
    const isVideo = film.kind === 'video'
    return html`<button class="button quiet" @click=${() => (this.isOpen = true)}>${icon('edit')}${msg('Edit')}</button>
      <button class="button quiet" @click=${() => void this.#delete(film)}>${icon('trash')}${msg('Delete')}</button>
      ${this.error && !this.isOpen ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
      <div class="dialogs">
        <wa-dialog label=${isVideo ? msg('Edit the video') : msg('Edit the recording')} ?open=${this.isOpen} @wa-hide=${this.#onHide}>
          ${
            this.isOpen
              ? html`<form @submit=${(event: SubmitEvent) => this.#save(event, film)}>
                  ${this.error ? html`<notice-box .error=${this.error}></notice-box>` : nothing}
                  <wa-input name="title" label=${msg('Title')} value=${film.title} maxlength="200" required></wa-input>
                  <label>${msg('Who may watch')}
                    <select class="field" name="visibility">
                      ${visibilities.map((one) => html`<option value=${one} ?selected=${one === film.visibility}>${visibilityText(one)}</option>`)}
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
        <confirm-dialog heading=${isVideo ? msg('Delete this video?') : msg('Delete this recording?')} action=${msg('Delete')}>
          <p>${isVideo ? msg('The video and everything made of it is deleted. This cannot be taken back.') : msg('The recording, its captions and the chat beside it are deleted. This cannot be taken back.')}</p>
        </confirm-dialog>
      </div>`
  }
}
customElements.define('film-tools', FilmTools)

function path({ kind, id }: Film): string {
  return `/api/${kind}s/${id}/`
}

declare global {
  interface HTMLElementTagNameMap {
    'film-tools': FilmTools
  }
}
