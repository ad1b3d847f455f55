import { updateWhenLocaleChanges } from '@lit/localize'
import { LitElement, type PropertyDeclarations } from 'lit'
import { ApiError } from '../api.ts'
import { markUnsaved } from '../ui/unsaved.ts'
import { refusalText } from './caption-words.ts'

/** Something beside a film that its owner writes: loaded when it is shown, with one problem said at a time. */
export abstract class FilmEditor extends LitElement {
  static override properties: PropertyDeclarations = {
    film: {},
    video: { attribute: false },
    problem: { state: true },
    isBusy: { state: true },
  }

  /** Its address in the API. */
  declare film: string
  /** What plays it. */
  declare video: HTMLVideoElement | null
  declare problem: string
  declare isBusy: boolean

  constructor() {
    super()
    updateWhenLocaleChanges(this)
    this.film = ''
    this.video = null
    this.problem = ''
    this.isBusy = false
  }

  override connectedCallback(): void {
    super.connectedCallback()
    void this.do(() => this.load())
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback()
    markUnsaved(this, false)
  }

  protected abstract load(): Promise<void>

  /** What the API refuses is said; anything else that is thrown is a mistake of ours, and goes on. */
  protected async do(act: () => Promise<void>): Promise<void> {
    this.problem = ''
    this.isBusy = true
    try {
      await act()
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      this.problem = refusalText(error)
    } finally {
      this.isBusy = false
    }
  }
}
