import { msg, str } from '@lit/localize'
import { css, html, nothing } from 'lit'
import type { CaptionJson, CaptionPageJson } from '../../server/captions/contract.ts'
import { get, send } from '../api.ts'
import { formControls } from '../learn/form-controls.ts'
import '../ui/confirm-dialog.ts'
import { icon } from '../ui/icons.ts'
import { base, buttons } from '../ui/styles.ts'
import { toast } from '../ui/toast.ts'
import { markUnsaved, mayDiscard } from '../ui/unsaved.ts'
import { cuesText } from './caption-words.ts'
import './cue-editor.ts'
import { type EditedCue, parseVtt, writeVtt } from './cues.ts'
import { FilmEditor } from './film-editor.ts'
import './language-field.ts'
import { captionsPath, fetchCues, sendCues } from './send-cues.ts'

interface Editing {
  language: string
  name: string
  cues: EditedCue[]
}

/**
 * The captions of a film, a language each: files of somebody's disk, or written here.
 *
 * @fires saved - Something was saved or deleted.
 */
export class CaptionFiles extends FilmEditor {
  static override styles = [
    base,
    buttons,
    formControls,
    css`
      :host { display: grid; gap: 16px }
      ul { display: grid; border: 1px solid var(--line); border-radius: var(--radius-small) }
      li { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 8px; padding: 8px 10px 8px 14px }
      li + li { border-top: 1px solid var(--line) }
      .name { flex: 1 1 14em; overflow-wrap: anywhere }
      .name b { font-weight: 620 }
      li .button { min-height: 44px; padding: 0 14px }
      .add { display: flex; flex-wrap: wrap; align-items: end; gap: 10px }
      language-field { flex: 1 1 14em; max-width: 24em }
      confirm-dialog { position: absolute }
      .bad { padding: 12px 16px; border-radius: var(--radius-small); background: var(--bad-tint); color: var(--bad-ink) }
    `,
  ]
  static override properties = {
    list: { state: true },
    editing: { state: true },
    doomed: { state: true },
  }

  declare list: CaptionJson[] | null
  declare editing: Editing | null
  /** Whose end is asked about. */
  declare doomed: CaptionJson | null

  constructor() {
    super()
    this.list = null
    this.editing = null
    this.doomed = null
  }

  protected override async load(): Promise<void> {
    this.list = (await get<CaptionPageJson>(`${this.film}captions/?page_size=100`)).results
  }

  async #saved(words: string): Promise<void> {
    await this.load()
    this.dispatchEvent(new Event('saved'))
    await toast(words)
  }

  /** The language that is chosen; null, and said, when it is none. */
  get #language(): { tag: string; name: string } | null {
    const language = this.renderRoot.querySelector('language-field')?.chosen ?? null
    if (!language) this.problem = msg('Choose a language first.')
    return language
  }

  async #upload(input: HTMLInputElement): Promise<void> {
    const file = input.files?.[0]
    const language = file && this.#language
    if (!file || !language) return
    // The same file may be chosen again once it is mended.
    const there = this.list?.find((one) => one.language === language.tag)
    if (!there || (await this.#ask('replace'))) {
      await this.do(async () => {
        await sendCues(this.film, language.tag, file)
        await this.#saved(msg('The captions are there.'))
      })
    }
    input.value = ''
  }

  #ask(which: 'replace' | 'delete'): Promise<boolean> {
    return (
      this.renderRoot.querySelector<HTMLElementTagNameMap['confirm-dialog']>(`#${which}`)?.ask() ??
      Promise.resolve(false)
    )
  }

  #write(): void {
    const language = this.#language
    if (!language) return
    const there = this.list?.find((one) => one.language === language.tag)
    if (there) void this.#edit(there)
    else this.editing = { language: language.tag, name: language.name, cues: [] }
  }

  #edit({ language, label }: CaptionJson): Promise<void> {
    return this.do(async () => {
      this.editing = { language, name: label, cues: parseVtt(await fetchCues(this.film, language)) }
    })
  }

  async #delete(one: CaptionJson): Promise<void> {
    this.doomed = one
    await this.updateComplete
    if (!(await this.#ask('delete'))) return
    await this.do(async () => {
      await send('DELETE', captionsPath(this.film, one.language))
      await this.#saved(msg('Deleted.'))
    })
  }

  #save({ detail: cues }: CustomEvent<EditedCue[]>, { language }: Editing): void {
    void this.do(async () => {
      await sendCues(this.film, language, new Blob([writeVtt(cues)]))
      this.#close()
      await this.#saved(msg('Saved.'))
    })
  }

  #close(): void {
    markUnsaved(this, false)
    this.editing = null
    this.problem = ''
  }

  async #cancel(): Promise<void> {
    if (await mayDiscard(this)) this.#close()
  }

  #editor(editing: Editing) {
    return html`<h3>${editing.name}</h3>
      <cue-editor .cues=${editing.cues} .video=${this.video} ?busy=${this.isBusy}
        @change=${() => markUnsaved(this, true)}
        @save=${(event: CustomEvent<EditedCue[]>) => this.#save(event, editing)}
        @cancel=${() => void this.#cancel()}></cue-editor>`
  }

  #row(one: CaptionJson) {
    const { language, label, cues } = one
    return html`<li>
      <p class="name"><b>${label}</b> <span class="soft small">${language} · ${cuesText(cues)}</span></p>
      <button class="button quiet" aria-label=${msg(str`Edit ${label}`)} @click=${() => void this.#edit(one)}>${icon('edit')}${msg('Edit')}</button>
      <a class="button quiet" aria-label=${msg(str`Download ${label}`)} href=${captionsPath(this.film, language)} download=${`${language}.vtt`}>${icon('arrow-down')}.vtt</a>
      <button class="button quiet" aria-label=${msg(str`Delete ${label}`)} @click=${() => void this.#delete(one)}>${icon('trash')}</button>
    </li>`
  }

  protected override render() {
    const { list, editing, problem } = this
    return html`
      ${
        editing
          ? this.#editor(editing)
          : html`
              ${list?.length === 0 ? html`<p class="soft">${msg('There are no captions yet. Upload a .vtt or .srt file, or write them here while you watch.')}</p>` : nothing}
              ${list && list.length > 0 ? html`<ul>${list.map((one) => this.#row(one))}</ul>` : nothing}
              <div class="add">
                <language-field></language-field>
                <button class="button" ?disabled=${this.isBusy} @click=${() => this.#language && this.renderRoot.querySelector('input')?.click()}>${icon('upload')}${msg('Upload a file')}</button>
                <button class="button quiet" ?disabled=${this.isBusy} @click=${() => this.#write()}>${icon('plus')}${msg('Write them here')}</button>
                <input type="file" hidden accept=".vtt,.srt,text/vtt,application/x-subrip" aria-label=${msg('File of captions')} @change=${(event: Event) => void this.#upload(event.target as HTMLInputElement)} />
              </div>
            `
      }
      ${problem ? html`<p class="bad" role="alert">${problem}</p>` : nothing}
      <confirm-dialog id="delete" heading=${msg('Delete these captions?')} action=${msg('Delete')}>
        <p>${msg(str`“${this.doomed?.label ?? ''}” is deleted for everybody. This cannot be taken back; download the file first if you may need it.`)}</p>
      </confirm-dialog>
      <confirm-dialog id="replace" heading=${msg('Replace the captions?')} action=${msg('Replace')}>
        <p>${msg('There are captions in this language already. The file takes their place.')}</p>
      </confirm-dialog>
    `
  }
}
customElements.define('caption-files', CaptionFiles)

declare global {
  interface HTMLElementTagNameMap {
    'caption-files': CaptionFiles
  }
}
