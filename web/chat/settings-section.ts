import { msg } from '@lit/localize'
import { css, html, nothing, type TemplateResult } from 'lit'
import { ApiError } from '../api.ts'
import '../ui/notice-box.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { RoomElement } from './room-element.ts'

export const sectionStyles = css`
  ul { display: grid; gap: 2px }
  li { display: flex; align-items: center; gap: 12px; min-height: 44px; padding-block: 2px; border-block-end: 1px solid var(--line) }
  li:last-child { border: 0 }
  li > div { flex: 1; min-width: 0; overflow-wrap: anywhere }
  li img { height: 28px; max-width: 64px; object-fit: contain }
  .note { padding-block: 6px; color: var(--ink-soft); font-size: 0.92rem }
  .button { min-height: 40px; padding: 0 16px; font-size: 0.92rem }
  form { display: flex; flex-wrap: wrap; align-items: end; gap: 10px; margin-block-start: 12px }
  label { display: grid; gap: 4px; flex: 1 1 12em; min-width: 0; font-size: 0.92rem; font-weight: 600 }
  input { width: 100%; min-width: 0; min-height: 44px; padding: 0 14px; border: 1px solid var(--line); border-radius: 12px; background: var(--paper); color: var(--ink); font: inherit; font-size: 16px }
  input[type='file'] { padding: 8px; font-size: 0.9rem; font-weight: 400 }
  notice-box { margin-block: 8px }
`

/** A list that moderators keep for a room: it is fetched when its section is opened. */
export abstract class SettingsSection<T> extends RoomElement {
  static override styles = [base, buttons, sectionStyles]
  static override properties = {
    ...RoomElement.properties,
    items: { state: true },
    error: { state: true },
    isBusy: { state: true },
  }

  /** Null until they are there. */
  declare items: readonly T[] | null
  declare error: ApiError | null
  declare isBusy: boolean

  constructor() {
    super()
    this.items = null
    this.error = null
    this.isBusy = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    void this.load()
  }

  protected abstract fetch(): Promise<readonly T[]>
  protected abstract item(item: T): TemplateResult
  /** Said of an empty list. */
  protected abstract get nothingHere(): string

  async load(): Promise<void> {
    await this.attempt(async () => {
      this.items = await this.fetch()
    })
  }

  /** Does it, fetches the list anew and says so; or says what went wrong. */
  protected async change(work: () => Promise<unknown>, done: string): Promise<boolean> {
    this.isBusy = true
    const isDone = await this.attempt(async () => {
      await work()
      this.items = await this.fetch()
      void toast(done)
    })
    this.isBusy = false
    return isDone
  }

  private async attempt(work: () => Promise<void>): Promise<boolean> {
    this.error = null
    try {
      await work()
      return true
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.error = error
      return false
    }
  }

  /** Below the list. */
  protected form(): TemplateResult | typeof nothing {
    return nothing
  }

  protected override render() {
    const { items, error } = this
    return html`
      ${error ? html`<notice-box .error=${error} ?retries=${items === null} @retry=${() => void this.load()}></notice-box>` : nothing}
      ${items ? html`<ul>${items.map((item) => this.item(item))}</ul>` : nothing}
      ${items?.length === 0 ? html`<p class="note">${this.nothingHere}</p>` : nothing}
      ${items || error ? nothing : html`<p class="note" role="status">${msg('Loading…')}</p>`}
      ${this.form()}
    `
  }
}
