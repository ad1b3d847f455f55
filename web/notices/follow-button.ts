import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement, nothing, type PropertyValues } from 'lit'
import { ApiError, get, send } from '../api.ts'
import { Session } from '../session.ts'
import { icon } from '../ui/icons.ts'
import { errorText } from '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import './device-switch.ts'
import { DeviceController, device } from './device.ts'

/** As `/api/channels/<slug>/follow/` answers. */
interface Following {
  is_following: boolean
}

/** Follows a channel, and offers those who do to be told on their device when it is live. */
export class FollowButton extends LitElement {
  static override styles = [
    base,
    buttons,
    css`
      :host { display: grid; gap: 10px }
      .button { min-height: 40px; padding: 0 18px }
      device-switch { max-width: 560px; padding: 12px 14px; border-radius: var(--radius-small); background: var(--sunken) }
    `,
  ]
  static override properties = {
    slug: {},
    owner: { type: Number },
    isFollowing: { state: true },
    isBusy: { state: true },
    hasJustFollowed: { state: true },
  }

  /** Of the channel. */
  declare slug: string
  /** Its owner's account, who does not follow it. */
  declare owner: number
  declare isFollowing: boolean | null
  declare isBusy: boolean
  /** Only then it is the moment to ask about the device. */
  declare hasJustFollowed: boolean
  readonly #session = new Session(this)
  #asked = ''

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    new DeviceController(this)
    this.slug = ''
    this.owner = 0
    this.isFollowing = null
    this.isBusy = false
    this.hasJustFollowed = false
  }

  get #path(): string {
    return `/api/channels/${encodeURIComponent(this.slug)}/follow/`
  }

  protected override updated(_: PropertyValues<this>): void {
    const { viewer } = this.#session
    const asked = viewer && this.slug && viewer.id !== this.owner ? `${viewer.id} ${this.slug}` : ''
    if (asked === this.#asked) return
    this.#asked = asked
    this.isFollowing = null
    this.hasJustFollowed = false
    if (asked) void this.#look(asked)
  }

  async #look(asked: string): Promise<void> {
    const answer = await get<Following>(this.#path).catch(() => null)
    if (answer && asked === this.#asked) this.isFollowing = answer.is_following
  }

  async #toggle(): Promise<void> {
    this.isBusy = true
    try {
      const answer = await send<Following>(this.isFollowing ? 'DELETE' : 'POST', this.#path)
      this.isFollowing = answer.is_following
      this.hasJustFollowed = answer.is_following
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      await toast(errorText(error), 'danger')
    } finally {
      this.isBusy = false
    }
  }

  protected override render() {
    const { viewer } = this.#session
    if (viewer === undefined || viewer?.id === this.owner) return nothing
    if (viewer === null) {
      const back = encodeURIComponent(`/c/${this.slug}`)
      return html`<div><a class="button quiet" href="/sign-in?next=${back}">${icon('bell')}${msg('Sign in to follow')}</a></div>`
    }
    if (this.isFollowing === null) {
      return html`<div><button class="button quiet" disabled>${icon('bell')}${msg('Follow')}</button></div>`
    }
    const needsDevice = this.hasJustFollowed && device.isOffered && device.state !== 'on'
    return html`
      <div>
        <button class="button ${this.isFollowing ? 'quiet' : ''}" aria-pressed=${this.isFollowing} ?disabled=${this.isBusy}
          title=${this.isFollowing ? msg('You are told when this channel is live. Press to follow it no more.') : msg('Be told when this channel is live')}
          @click=${this.#toggle}>
          ${icon(this.isFollowing ? 'check' : 'bell')}${this.isFollowing ? msg('Following') : msg('Follow')}
        </button>
      </div>
      <p class="visually-hidden" aria-live="polite">${this.hasJustFollowed ? msg('You are told when this channel is live.') : ''}</p>
      ${needsDevice ? html`<device-switch></device-switch>` : nothing}
    `
  }
}
customElements.define('follow-button', FollowButton)

declare global {
  interface HTMLElementTagNameMap {
    'follow-button': FollowButton
  }
}
