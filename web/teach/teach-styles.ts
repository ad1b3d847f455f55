import { css } from 'lit'

/** Where a course stands on its way to others. */
export const statusBadge = css`
  .status { padding: 4px 14px; border-radius: 999px; background: var(--sunken); color: var(--ink-soft); font-size: 0.875rem; font-weight: 620; white-space: nowrap }
  .status.published { background: var(--accent-tint); color: var(--accent) }
  .status.review { background: var(--warn-tint); color: var(--warn-ink) }
`

/** Small square buttons with an icon. */
export const toolButtons = css`
  .tool { display: inline-grid; place-items: center; width: 38px; height: 38px; border: 0; border-radius: 9px; background: none; color: var(--ink-soft); cursor: pointer }
  .tool:hover { background: var(--sunken); color: var(--ink) }
  .tool:disabled { opacity: 0.3; cursor: default }
  .tool.bad:hover { color: var(--bad-ink) }
  @media (hover: none) { .tool { width: 44px; height: 44px } }
`
