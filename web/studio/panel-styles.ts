import { css } from 'lit'

/** The studio's sections. */
export const panel = css`
  .panel { padding: clamp(18px, 3vw, 30px); border: 1px solid var(--line); border-radius: 20px; background: var(--surface) }
  .panel > h2 { margin-bottom: 6px }
  .lead { color: var(--ink-soft); margin-bottom: 18px; max-width: 60ch }
`
