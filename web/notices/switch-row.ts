import { css } from 'lit'

/** What is on or off, in words, and the button that changes it. */
export const switchRow = css`
  .row { display: flex; align-items: center; justify-content: space-between; gap: 10px 16px; flex-wrap: wrap }
  .button { min-height: 36px; padding: 0 14px; font-size: 0.875rem }
  p { max-width: 46ch }
  .words { flex: 1 1 12em }
`
