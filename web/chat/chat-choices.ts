import { msg } from '@lit/localize'
import { html, nothing } from 'lit'

/** A name or an emoji that may be meant. */
export interface Choice {
  label: string
  /** Takes the place of what was written. */
  text: string
  /** Address of an emote's picture. */
  picture?: string
}

/** Above the field that they complete, which keeps the focus. */
export function choiceList(choices: readonly Choice[], chosen: number, take: (choice: Choice) => void) {
  if (choices.length === 0) return nothing
  return html`<ul class="choices" role="listbox" id="choices" aria-label=${msg('Suggestions')}>
    ${choices.map((choice, index) => {
      const isName = choice.text.startsWith('@')
      return html`<li
        role="option"
        id="choice-${index}"
        aria-selected=${index === chosen ? 'true' : 'false'}
        @pointerdown=${(event: Event) => event.preventDefault()}
        @click=${() => take(choice)}
      >
        ${choice.picture ? html`<img src=${choice.picture} alt="" />` : isName ? nothing : choice.text}
        <span class=${isName ? '' : 'soft'}>${choice.label}</span>
      </li>`
    })}
  </ul>`
}
