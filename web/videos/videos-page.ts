import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import type { Commands, RouterLocation } from '@vaadin/router'
import { css, html, LitElement, nothing } from 'lit'
import { repeat } from 'lit/directives/repeat.js'
import type { VideoJson, VideoPageJson } from '../../server/videos/contract.ts'
import { ApiError, send } from '../api.ts'
import { onJob } from '../notices/job-updates.ts'
import { Poll } from '../poll.ts'
import { go } from '../router.ts'
import { serverClock } from '../server-clock.ts'
import { loadViewer } from '../session.ts'
import '../ui/confirm-dialog.ts'
import { durationText, relativeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/media-card.ts'
import { errorText } from '../ui/notice-box.ts'
import { base, buttons, cardGrid } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import './drop-zone.ts'
import './upload-row.ts'
import { addUploads, Uploads } from './uploads.ts'
import { failureText, visibilityText } from './video-words.ts'

/** The pages are told by word what goes on; asking is for words that were lost. */
const BUSY_POLL_MS = 4000
const POLL_MS = 60_000
const FIRST = 24
const MOST = 100

function pauseOf(page: VideoPageJson | null): number {
  const isBusy = page?.results.some(({ status }) => status === 'queued' || status === 'processing')
  return isBusy ? BUSY_POLL_MS : POLL_MS
}

/** One's own videos, and those that are on their way. */
export class VideosPage extends LitElement {
  static override styles = [
    base,
    buttons,
    cardGrid,
    css`
      h1 { margin-bottom: 18px }
      h2 { margin: 30px 0 14px }
      drop-zone { margin-bottom: 16px }
      .rows { display: grid }
      .rows > * { margin-bottom: 10px }
      .stopped, .failed { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 10px 16px; align-items: center; padding: 14px 16px; border: 1px solid var(--line); border-radius: 18px; background: var(--surface) }
      .failed { background: var(--bad-tint); border-color: transparent; color: var(--bad-ink) }
      .deeds { display: flex; flex-wrap: wrap; gap: 8px }
      .deeds .button { min-height: 40px; padding: 0 16px }
      .failed .button { border-color: currentColor; color: inherit }
      strong { overflow-wrap: anywhere }
      .empty { display: grid; justify-items: center; gap: 12px; padding: 48px 24px; border: 1px dashed var(--line); border-radius: var(--radius); text-align: center }
      .empty h2 { margin: 0 }
      .empty svg { color: var(--ink-soft) }
      .more { margin: 28px auto 0; display: flex }
      .badge { padding: 2px 9px; border-radius: 6px; background: rgb(12 18 16 / 82%); color: #fff; font-size: 0.8125rem; font-variant-numeric: tabular-nums }
      .bone { aspect-ratio: 16 / 9; border-radius: var(--radius); background: var(--sunken) }
      notice-box { margin-bottom: 16px }
      @media (max-width: 560px) { .stopped, .failed { grid-template-columns: minmax(0, 1fr) } }
    `,
  ]
  static override properties = { shown: { state: true }, doomed: { state: true } }

  /** How many are asked for. */
  declare shown: number
  /** Whose deletion is being asked about. */
  declare doomed: VideoJson | null
  readonly #poll = new Poll<VideoPageJson>(this, pauseOf)
  readonly #uploads = new Uploads(this, () => this.#poll.now())
  #endJobs: (() => void) | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.shown = FIRST
    this.doomed = null
  }

  /** Called by the router: for who is signed in. */
  async onBeforeEnter(_location: RouterLocation, commands: Commands) {
    const viewer = await loadViewer().catch(() => undefined)
    if (viewer === null) {
      go('/sign-in?next=/videos')
      return commands.prevent()
    }
    this.#follow()
    return undefined
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#endJobs = onJob((job) => {
      const video = this.#poll.value?.results.find(({ id }) => id === job.id)
      if (!video) return
      // A new status brings with it what a word does not say: addresses, reasons.
      if (job.status !== video.status || job.progress >= 100) this.#poll.now()
      video.progress = Math.max(video.progress, job.progress)
      this.requestUpdate()
    })
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    this.#endJobs?.()
  }

  #follow(): void {
    this.#poll.follow(`/api/videos/?page_size=${this.shown}`)
  }

  #more(): void {
    this.shown = MOST
    this.#follow()
  }

  async #delete(video: VideoJson): Promise<void> {
    this.doomed = video
    await this.updateComplete
    if (!(await this.renderRoot.querySelector('confirm-dialog')?.ask())) return
    try {
      await send('DELETE', `/api/videos/${video.id}/`)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      await toast(errorText(error), 'danger')
    }
    this.#poll.now()
  }

  #card(video: VideoJson) {
    const isReady = video.status === 'ready'
    const word = video.status === 'queued' ? msg('Waiting to be processed') : msg(str`Processing · ${video.progress} %`)
    return html`<media-card
      href="/videos/${video.id}"
      heading=${video.title}
      .picture=${video.thumbnail_url}
      .widths=${video.thumbnail_widths}
      corner=${isReady ? durationText(video.duration_seconds) : ''}
      data-status=${video.status}
    >
      ${isReady ? nothing : html`<span class="badge" slot="badge">${word}</span>`}
      ${visibilityText(video.visibility)} · <time datetime=${video.created_at}>${relativeText(video.created_at, serverClock.now())}</time>
    </media-card>`
  }

  /** Left behind by a page that was closed, or by another device. */
  #stopped(video: VideoJson) {
    return html`<div class="stopped">
      <p><strong>${video.file_name}</strong><br /><span class="soft small">${msg('This upload stopped. Choose the same file again and it goes on where it was.')}</span></p>
      <div class="deeds">
        <button class="button" @click=${() => this.renderRoot.querySelector('drop-zone')?.choose()}>${msg('Choose the file')}</button>
        <button class="button quiet" @click=${() => void this.#delete(video)}>${msg('Delete')}</button>
      </div>
    </div>`
  }

  #failed(video: VideoJson) {
    return html`<div class="failed" role="status">
      <p><strong>${video.title}</strong><br /><span class="small">${failureText(video.failure)}</span></p>
      <div class="deeds"><button class="button quiet" @click=${() => void this.#delete(video)}>${msg('Delete')}</button></div>
    </div>`
  }

  #list({ results, count }: VideoPageJson) {
    const sending = new Set(this.#uploads.list.map(({ video }) => video))
    const stopped = results.filter(({ id, status }) => status === 'uploading' && !sending.has(id))
    const failed = results.filter(({ status }) => status === 'failed')
    const shown = results.filter(({ status }) => status !== 'uploading' && status !== 'failed')
    if (count === 0 && this.#uploads.list.every(({ state }) => state === 'done')) {
      return html`<section class="empty">
        ${icon('film', 40)}
        <h2>${msg('No videos yet')}</h2>
        <p class="soft">${msg('Upload a recording of your screen or from your phone: it becomes a video in every quality, ready for a lesson.')}</p>
      </section>`
    }
    return html`
      <div class="rows">${stopped.map((video) => this.#stopped(video))}${failed.map((video) => this.#failed(video))}</div>
      ${
        shown.length > 0
          ? html`<h2>${msg('Ready and in the making')}</h2>
            <ul class="grid">${repeat(
              shown,
              ({ id }) => id,
              (video) => html`<li>${this.#card(video)}</li>`,
            )}</ul>`
          : nothing
      }
      ${count > results.length && this.shown < MOST ? html`<button class="button quiet more" @click=${this.#more}>${msg('Show more')}</button>` : nothing}
    `
  }

  protected override render() {
    document.title = `${msg('Your videos')} · Ustat`
    const { value, error } = this.#poll
    const uploads = this.#uploads.list.filter(({ state }) => state !== 'done')
    return html`
      <h1>${msg('Your videos')}</h1>
      <drop-zone @files=${(event: CustomEvent<File[]>) => addUploads(event.detail)}></drop-zone>
      ${error ? html`<notice-box .error=${error} retries @retry=${() => this.#poll.now()}></notice-box>` : nothing}
      <div class="rows">${repeat(
        uploads,
        (upload) => upload,
        (upload) => html`<upload-row .upload=${upload} .turn=${performance.now()}></upload-row>`,
      )}</div>
      ${value ? this.#list(value) : html`<div class="grid"><div class="bone"></div><div class="bone"></div></div>`}
      <confirm-dialog heading=${msg('Delete this video?')} action=${msg('Delete')}>
        <p>${msg(str`“${this.doomed?.title ?? ''}” and everything made of it is deleted. This cannot be taken back.`)}</p>
      </confirm-dialog>
    `
  }
}
customElements.define('videos-page', VideosPage)

declare global {
  interface HTMLElementTagNameMap {
    'videos-page': VideosPage
  }
}
