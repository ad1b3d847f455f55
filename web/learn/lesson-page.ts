import { msg, str, updateWhenLocaleChanges } from '@lit/localize'
import type { RouterLocation } from '@vaadin/router'
import { html, LitElement, nothing } from 'lit'
import '../ui/web-awesome.ts'
import '@awesome.me/webawesome/dist/components/button/button.js'
import type { CourseJson } from '../../server/courses/contract.ts'
import type { LessonJson } from '../../server/courses/lesson-contract.ts'
import type { ProgressJson } from '../../server/progress/contract.ts'
import { ApiError, get } from '../api.ts'
import '../courses/course-outline.ts'
import { contentTypeText, minutesText } from '../courses/course-words.ts'
import '../courses/enroll-panel.ts'
import { firstLesson, isLearning, isTeaching, lessonAddress, lessonsOf, neighbours } from '../courses/standing.ts'
import { Poll } from '../poll.ts'
import { go } from '../router.ts'
import { loadViewer, Session } from '../session.ts'
import { sizeText } from '../ui/format.ts'
import { icon } from '../ui/icons.ts'
import '../ui/not-found-page.ts'
import '../ui/notice-box.ts'
import '../ui/rich-html.ts'
import { base, buttons, liveBadge } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import './lesson-assignment.ts'
import { lessonPageStyles } from './lesson-page-styles.ts'
import { LessonProgress } from './lesson-progress.ts'
import './lesson-quiz.ts'
import './lesson-video.ts'

/** Announced and running shows change by themselves; of all else the signed address of a video has an end. */
const SHOW_POLL_MS = 5000
const POLL_MS = 300_000

type Tab = 'lesson' | 'outline' | 'chat' | 'replay'

/** A lesson with what its learner needs around it: the other lessons, how far they are, and the class's chat. */
export class LessonPage extends LitElement {
  static override styles = [base, buttons, liveBadge, lessonPageStyles]
  static override properties = {
    course: { state: true },
    error: { state: true },
    tab: { state: true },
    hasChat: { state: true },
    done: { state: true },
    video: { state: true },
  }

  declare course: CourseJson | null
  declare error: ApiError | null
  /** On a phone all three are one below the other's tab; on a desktop the lesson is always there. */
  declare tab: Tab
  /** Once opened, the chat stays connected. */
  declare hasChat: boolean
  /** Newer than the course's answer: lesson → percent. */
  declare done: ReadonlyMap<number, number>
  /** Of a recording, once it is there. */
  declare video: HTMLVideoElement | null
  readonly #session = new Session(this)
  readonly #lesson = new Poll<LessonJson>(
    this,
    (lesson) => (lesson?.state === 'live' || lesson?.state === 'scheduled' ? SHOW_POLL_MS : POLL_MS),
    (lesson) => this.#onLesson(lesson),
  )
  readonly #progress = new LessonProgress(this, (progress) => this.#onProgress(progress))
  #slug = ''
  #id = 0
  #wasCompleted: boolean | null = null

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.course = null
    this.error = null
    this.tab = 'lesson'
    this.hasChat = false
    this.done = new Map()
    this.video = null
  }

  /** Called by the router before the page is shown. */
  onBeforeEnter({ params }: RouterLocation): void {
    this.#slug = String(params.course)
    this.#id = Number(params.lesson ?? 0)
    if (this.#id > 0) this.#lesson.follow(`/api/lessons/${this.#id}/`)
    void this.#load()
  }

  async #load(): Promise<void> {
    try {
      const [course, viewer] = await Promise.all([
        get<CourseJson>(`/api/courses/${encodeURIComponent(this.#slug)}/`),
        loadViewer().catch(() => null),
      ])
      this.course = course
      this.error = null
      const begin = course.enrollment?.last_lesson ?? firstLesson(course)?.id
      if (this.#id === 0) go(begin ? lessonAddress(course, begin) : `/courses/${course.slug}`)
      else if (viewer && !isTeaching(course)) this.#progress.follow(this.#id)
      if (this.#hasRoom) void import('../chat/chat-panel.ts')
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    }
  }

  get #hasRoom(): boolean {
    return this.course !== null && Boolean(this.#session.viewer) && (isLearning(this.course) || isTeaching(this.course))
  }

  /** A class that is live talks. */
  #onLesson({ state }: LessonJson): void {
    if (state !== 'live' || this.hasChat || !this.#hasRoom || innerWidth < 960) return
    this.tab = 'chat'
    this.hasChat = true
  }

  #onProgress({ lesson, progress, status }: ProgressJson): void {
    const isCompleted = status === 'completed'
    this.done = new Map([...this.done, [lesson, isCompleted ? 100 : Math.min(99, progress)]])
    if (isCompleted && this.#wasCompleted === false) void toast(msg('Lesson completed.'))
    this.#wasCompleted = isCompleted
  }

  async #mark(): Promise<void> {
    try {
      const progress = await this.#progress.mark()
      if (progress && progress.status !== 'completed') {
        await toast(
          msg(str`${progress.progress}% are counted so far. Come back when you have watched the rest.`),
          'danger',
        )
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
    }
  }

  #choose(tab: Tab): void {
    this.tab = tab
    if (tab === 'chat') this.hasChat = true
    if (tab === 'replay') void import('./lesson-replay.ts')
  }

  /** Once under the video, for a phone, and once above the lessons beside it. */
  #tabs(names: [Tab, string][], chosen: Tab) {
    return html`<div class="tabs" role="group" aria-label=${msg('Beside the lesson')}>
      ${names.map(([tab, name]) => html`<button aria-pressed=${chosen === tab} @click=${() => this.#choose(tab)}>${name}</button>`)}
    </div>`
  }

  get #neighbourTabs(): [Tab, string][] {
    return [
      ['outline', msg('Contents')],
      ...(this.#hasRoom ? ([['chat', msg('Chat')]] as [Tab, string][]) : []),
      ...(this.#replayed ? ([['replay', msg('Replay')]] as [Tab, string][]) : []),
    ]
  }

  /** The recording whose chat can be replayed. */
  get #replayed(): string | null {
    const lesson = this.#lesson.value
    return lesson?.content_type === 'video' && lesson.state === 'recorded' ? lesson.recording : null
  }

  #stage(lesson: LessonJson) {
    if (lesson.content_type !== 'video') return nothing
    const position = this.#progress.value
    // Where the account left it is known a moment later; a guest begins at the beginning.
    const isKnown =
      position !== null || this.#session.viewer === null || (this.course !== null && isTeaching(this.course))
    if (!isKnown && lesson.state === 'recorded') return html`<div class="bone"></div>`
    const startAt =
      position && position.status !== 'completed' && position.position_seconds > 5 ? position.position_seconds : null
    return html`<lesson-video .lesson=${lesson} .progress=${this.#progress} .startAt=${startAt} @over=${() => this.#lesson.now()}
      @video=${(event: Event) => (this.video = (event.target as HTMLElementTagNameMap['lesson-video']).video)}></lesson-video>`
  }

  #file({ file }: LessonJson) {
    if (!file) return nothing
    return html`<p><a class="file" href=${file.url} download>${icon('file')}<span>${file.file_name}</span><span class="soft small">${sizeText(file.size_bytes)}</span></a></p>`
  }

  #kind(lesson: LessonJson) {
    const isGuest = this.#session.viewer === null
    if (lesson.content_type === 'quiz') {
      return html`<lesson-quiz .lesson=${lesson.id} .isGuest=${isGuest} @graded=${() => this.#progress.refresh()}></lesson-quiz>`
    }
    if (lesson.content_type !== 'assignment') return nothing
    if (isGuest) return html`<p class="soft">${msg('Sign in to hand in your work.')}</p>`
    return html`<lesson-assignment .lesson=${lesson} @submitted=${() => this.#progress.refresh()}></lesson-assignment>`
  }

  #state(lesson: LessonJson) {
    const progress = this.#progress.value
    if (!progress) return nothing
    if (progress.status === 'completed')
      return html`<span class="done" role="status">${icon('circle-check')}${msg('Completed')}</span>`
    const { type } = progress.completion_rule
    const isElsewhere =
      lesson.content_type === 'video' &&
      lesson.recording === null &&
      lesson.video === null &&
      lesson.broadcast === null &&
      lesson.video_url !== ''
    if (type === 'read')
      return html`<wa-button appearance="outlined" @click=${() => this.#mark()}>${msg('Mark as read')}</wa-button>`
    if (isElsewhere)
      return html`<wa-button appearance="outlined" @click=${() => this.#mark()}>${msg('I have watched it')}</wa-button>`
    return type === 'watched' && progress.progress > 0
      ? html`<span class="soft small">${msg(str`${progress.progress}% watched`)}</span>`
      : nothing
  }

  #ways(course: CourseJson, lesson: LessonJson) {
    const { previous, next } = neighbours(course, lesson.id)
    const isDone = this.#progress.value?.status === 'completed'
    return html`<nav class="ways" aria-label=${msg('Lessons before and after')}>
      ${previous ? html`<a class="button quiet" href=${lessonAddress(course, previous.id)}>${icon('chevron-left', 18)}${msg('Previous')}</a>` : html`<span></span>`}
      <span class="state">${this.#state(lesson)}</span>
      ${next ? html`<a class="button ${isDone ? '' : 'quiet'}" href=${lessonAddress(course, next.id)}>${msg('Next')}${icon('chevron-right', 18)}</a>` : html`<a class="button quiet" href="/courses/${course.slug}">${msg('To the course')}</a>`}
    </nav>`
  }

  #main(course: CourseJson, lesson: LessonJson) {
    return html`
      ${this.#stage(lesson)}
      ${this.#tabs([['lesson', msg('Lesson')], ...this.#neighbourTabs], this.tab)}
      <div class="about ${this.tab === 'lesson' ? '' : 'behind'}">
        <h1>${lesson.title}</h1>
        <p class="facts soft small">
          ${lesson.state === 'live' ? html`<span class="live-badge">${msg('Live')}</span>` : nothing}
          <span>${contentTypeText(lesson.content_type)}</span>
          ${lesson.duration_minutes > 0 ? html`<span>${minutesText(lesson.duration_minutes)}</span>` : nothing}
          ${isTeaching(course) ? html`<a href="/teach/${course.slug}">${msg('Edit the course')}</a>` : nothing}
        </p>
        ${lesson.content ? html`<rich-html .text=${lesson.content}></rich-html>` : nothing}
        ${this.#file(lesson)}
        ${this.#kind(lesson)}
        ${this.#ways(course, lesson)}
      </div>
    `
  }

  readonly #delay = (): number | null => this.renderRoot.querySelector('lesson-video')?.delay ?? null

  #aside(course: CourseJson) {
    const shown = this.#neighbourTabs.some(([tab]) => tab === this.tab) ? this.tab : 'outline'
    return html`<aside class=${this.tab === 'lesson' ? 'behind' : ''}>
      ${this.#neighbourTabs.length > 1 ? this.#tabs(this.#neighbourTabs, shown) : nothing}
      <course-outline compact ?hidden=${shown !== 'outline'} .course=${course} .current=${this.#id} .done=${this.done}></course-outline>
      ${this.hasChat && this.#hasRoom ? html`<chat-panel ?hidden=${shown !== 'chat'} .room=${`course-${course.id}`} .delay=${this.#delay}></chat-panel>` : nothing}
      ${shown === 'replay' ? html`<lesson-replay .recording=${this.#replayed ?? ''} .video=${this.video}></lesson-replay>` : nothing}
    </aside>`
  }

  #locked(course: CourseJson) {
    return html`<div class="locked">
      <div>${icon('lock', 40)}<h1>${msg('This lesson is for those who learn here')}</h1>
        <p class="soft">${msg(str`It belongs to the course “${course.title}”.`)} <a href="/courses/${course.slug}">${msg('About the course')}</a></p></div>
      <enroll-panel .course=${course} @changed=${() => this.#onEnrolled()}></enroll-panel>
    </div>`
  }

  #onEnrolled(): void {
    this.#lesson.now()
    void this.#load()
  }

  protected override render() {
    const { course } = this
    const { value: lesson, error: refused } = this.#lesson
    const error = this.error ?? refused
    document.title = lesson && course ? `${lesson.title} · ${course.title}` : 'Ustat'
    // A lesson of another course has another address.
    const isElsewhere = course !== null && this.#id > 0 && !lessonsOf(course).some(({ id }) => id === this.#id)
    if (isElsewhere || this.error?.status === 404 || (refused?.status === 404 && !lesson))
      return html`<not-found-page></not-found-page>`
    const isLocked = refused?.status === 403 || refused?.status === 401
    const path = course
      ? html`<p class="path small"><a href="/courses/${course.slug}">${icon('chevron-left', 16)}${course.title}</a></p>`
      : nothing
    if (course && isLocked) return html`${path}${this.#locked(course)}`
    return html`
      ${error ? html`<notice-box .error=${error} retries @retry=${() => this.#onEnrolled()}></notice-box>` : nothing}
      ${path}
      <div class="layout">
        <div class="main">${course && lesson ? this.#main(course, lesson) : html`<div class="bone"></div>`}</div>
        ${course ? this.#aside(course) : nothing}
      </div>
    `
  }
}
customElements.define('lesson-page', LessonPage)

declare global {
  interface HTMLElementTagNameMap {
    'lesson-page': LessonPage
  }
}
