import { css } from 'lit'

/** Plain fields, as large as a finger. */
export const formControls = css`
  .field { width: 100%; min-height: 46px; padding: 10px 14px; border: 1px solid color-mix(in oklab, var(--ink-soft) 55%, transparent); border-radius: var(--radius-small); background: var(--surface); color: var(--ink); font: 400 1rem / 1.5 var(--font) }
  textarea.field { field-sizing: content; min-height: 7em; max-height: 60vh; resize: vertical }
  .choices { display: grid; gap: 4px }
  .choice { display: flex; align-items: flex-start; gap: 12px; min-height: 44px; padding: 10px 12px; margin-inline: -12px; border-radius: var(--radius-small); cursor: pointer; overflow-wrap: anywhere }
  .choice:hover { background: var(--sunken) }
  .choice input { flex: none; width: 20px; height: 20px; margin: 2px 0; accent-color: var(--accent) }
`
