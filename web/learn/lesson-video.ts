import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import type { LessonJson } from '../../server/courses/lesson-contract.ts'
import type { BroadcastJson } from '../../server/live/contract.ts'
import '../player/live-player.ts'
import '../player/vod-player.ts'
import { Poll } from '../poll.ts'
import { serverClock } from '../server-clock.ts'
import { dateText, relativeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import { poster } from '../ui/picture.ts'
import { base } from '../ui/styles.ts'
import './embedded-video.ts'
import type { LessonProgress } from './lesson-progress.ts'

/** How often a live picture is looked at. A recording says by itself where it is. */
const LOOK_MS = 1000

/**
 * The video of a lesson, whatever it is now: announced, on air, recorded, or of another site. Tells the lesson's progress
 * what is watched.
 *
 * @fires over - The show has ended.
 * @fires video - The recording's video element is there: `video`.
 */
export class LessonVideo extends LitElement {
  static override styles = [
    base,
    css`
      .off { display: grid; place-content: center; justify-items: center; gap: 14px; aspect-ratio: 16 / 9; max-height: 60vh; width: 100%; padding: 24px; border-radius: var(--player-radius, 18px); background: radial-gradient(circle at 50% 20%, #22332e, #0b100f); color: #eef3f1; text-align: center }
      .off p { max-width: 34em; text-wrap: balance }
      .lead { font-size: clamp(1.1rem, 0.9rem + 1vw, 1.4rem); font-weight: 680 }
    `,
  ]
  static override properties = {
    lesson: { attribute: false },
    progress: { attribute: false },
    startAt: { attribute: false },
  }

  declare lesson: LessonJson | null
  declare progress: LessonProgress | null
  /** Seconds, where the account left it on any device; null for the beginning. */
  declare startAt: number | null
  readonly #show = new Poll<BroadcastJson>(this, () => 10_000)
  #timer: ReturnType<typeof setInterval> | undefined
  #heard: HTMLVideoElement | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.lesson = null
    this.progress = null
    this.startAt = null
  }

  override connectedCallback(): void {
    super.connectedCallback()
    this.#timer = setInterval(() => this.#lookAtShow(), LOOK_MS)
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    clearInterval(this.#timer)
  }

  /** Seconds that a live picture is behind; null outside of a show. */
  get delay(): number | null {
    return this.lesson?.state === 'live' ? (this.renderRoot.querySelector('live-player')?.latency ?? 0) : null
  }

  /** Of a recording. */
  get video(): HTMLVideoElement | null {
    return this.#heard
  }

  protected override willUpdate(): void {
    const { lesson } = this
    this.#show.follow(lesson?.state === 'live' && lesson.broadcast ? `/api/broadcasts/${lesson.broadcast}/` : null)
  }

  protected override async updated(): Promise<void> {
    const player = this.renderRoot.querySelector('vod-player')
    await player?.updateComplete
    const video = player?.video ?? null
    if (!video || video === this.#heard) return
    this.#heard = video
    this.dispatchEvent(new Event('video'))
    const look = () => this.progress?.at(video.currentTime, true)
    video.addEventListener('timeupdate', () => {
      if (!video.paused && !video.seeking) look()
    })
    // A busy browser looks late: where it begins and where it ends is known all the same.
    video.addEventListener('playing', look)
    video.addEventListener('seeking', () => this.progress?.jump())
    for (const event of ['pause', 'ended']) {
      video.addEventListener(event, () => {
        if (!video.seeking) look()
        this.progress?.rest()
      })
    }
  }

  /** A live picture's place in the recording that it becomes: its own time since the show began. */
  #lookAtShow(): void {
    const player = this.renderRoot.querySelector('live-player')
    const startedAt = Date.parse(this.#show.value?.started_at ?? '')
    if (!player || player.latency === null || player.video?.paused !== false || !startedAt) return
    this.progress?.at((serverClock.now() - startedAt) / 1000 - player.latency)
  }

  readonly #onState = (event: Event): void => {
    const { state } = (event.target as HTMLElementTagNameMap['live-player']).playback
    if (state === 'ended' || state === 'refused') this.dispatchEvent(new Event('over'))
  }

  #off(lead: string, words: string) {
    return html`<div class="off">${icon('broadcast', 44)}<p class="lead">${lead}</p><p>${words}</p></div>`
  }

  protected override render() {
    const { lesson } = this
    if (!lesson) return html``
    const { state, playback_url: src, broadcast } = lesson
    // What an uploaded video has in common with a recording is all that a player needs.
    const watched = lesson.recording ?? lesson.video
    if (state === 'live' && src && broadcast) {
      const show = this.#show.value
      // Its timeline hangs on when it began.
      if (!show) return this.#off(msg('On air'), msg('One moment…'))
      return html`<live-player .src=${src} .broadcast=${broadcast} .startedAt=${show.started_at ?? ''} @statechange=${this.#onState}></live-player>`
    }
    if (src && watched) {
      return html`<vod-player .src=${src} .recording=${watched} .storyboard=${lesson.storyboard_url} .poster=${poster(lesson.thumbnail_url, lesson.thumbnail_widths)} .startAt=${this.startAt}></vod-player>`
    }
    if (state === 'scheduled' && lesson.starts_at) {
      return this.#off(
        msg(str`This lesson is live ${relativeText(lesson.starts_at, serverClock.now())}`),
        msg(str`${dateText(lesson.starts_at)}. Leave this page open: it goes live by itself.`),
      )
    }
    if (lesson.video_url) {
      return html`<embedded-video .src=${lesson.video_url} @position=${(event: Event) => this.progress?.at((event.target as HTMLElementTagNameMap['embedded-video']).seconds)}></embedded-video>`
    }
    return this.#off(msg('The video is still to come'), msg('It appears here as soon as its teacher adds it.'))
  }
}
customElements.define('lesson-video', LessonVideo)

declare global {
  interface HTMLElementTagNameMap {
    'lesson-video': LessonVideo
  }
}
