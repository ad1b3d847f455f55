import { css } from 'lit'

/** Sign-in and sign-up: one narrow card. */
export const formStyles = css`
  .card { max-width: 440px; margin: clamp(8px, 5vh, 56px) auto 0; padding: clamp(22px, 5vw, 40px); border: 1px solid var(--line); border-radius: 22px; background: var(--surface); box-shadow: var(--shadow) }
  form { display: grid; grid-template-columns: minmax(0, 1fr); gap: 18px; margin-top: 24px }
  h1 + p { margin-top: 14px }
  .two { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 14px }
  .other { margin-top: 22px; text-align: center }
  wa-button { width: 100% }
  .field-error { color: var(--bad-ink); font-size: 0.875rem; margin-top: 6px }
  @media (max-width: 430px) { .two { grid-template-columns: minmax(0, 1fr) } .card { border: 0; background: none; box-shadow: none; padding-inline: 0 } }
`
