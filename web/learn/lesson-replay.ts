import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { html, LitElement } from 'lit'
import type { RecordingJson } from '../../server/vod/contract.ts'
import '../chat/chat-replay.ts'
import { Poll } from '../poll.ts'
import '../ui/notice-box.ts'
import { base } from '../ui/styles.ts'

/** Its addresses are signed; while the chat is still being written it is asked for again soon. */
const POLL_MS = 300_000
const SOON_MS = 5000

/** What was said in the show that a lesson is the recording of, at the pace of its video. */
export class LessonReplay extends LitElement {
  static override styles = [base]
  static override properties = { recording: {}, video: { attribute: false } }

  /** Its id. */
  declare recording: string
  declare video: HTMLVideoElement | null
  readonly #recording = new Poll<RecordingJson>(this, (known) => (known?.chat_url ? POLL_MS : SOON_MS))

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.recording = ''
    this.video = null
  }

  protected override willUpdate(): void {
    this.#recording.follow(this.recording ? `/api/recordings/${this.recording}/` : null)
  }

  protected override render() {
    const { value, error } = this.#recording
    if (error && !value) {
      return html`<notice-box .error=${error} retries @retry=${() => this.#recording.now()}></notice-box>`
    }
    if (!value) return html`<p class="soft">${msg('One moment…')}</p>`
    const { chat_url: url, chat_pieces: pieces, chat_room: room } = value
    return html`<chat-replay style="height: inherit; min-height: inherit" .url=${url} .pieces=${pieces} .room=${room} .video=${this.video}></chat-replay>`
  }
}
customElements.define('lesson-replay', LessonReplay)

declare global {
  interface HTMLElementTagNameMap {
    'lesson-replay': LessonReplay
  }
}
