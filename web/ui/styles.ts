import { css } from 'lit'

/** What every component with text and controls of its own starts from. */
export const base = css`
  :host { display: block; box-sizing: border-box }
  :host([hidden]), [hidden] { display: none !important }
  *, *::before, *::after { box-sizing: border-box }
  h1, h2, h3, p, ul, ol, dl, dd, figure { margin: 0; padding: 0 }
  ul, ol { list-style: none }
  h1, h2, h3 { line-height: 1.2; letter-spacing: -0.015em; font-weight: 680; text-wrap: balance }
  h1 { font-size: clamp(1.5rem, 1.1rem + 1.6vw, 2.1rem) }
  h2 { font-size: 1.2rem }
  h3 { font-size: 1rem }
  a { color: var(--accent); text-underline-offset: 3px }
  a:hover { color: var(--accent-hover) }
  :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 6px }
  .soft { color: var(--ink-soft) }
  .small { font-size: 0.875rem }
  .visually-hidden {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap;
  }
  @media (prefers-reduced-motion: reduce) {
    *, *::before, *::after { animation-duration: 0.01ms !important; animation-iteration-count: 1 !important; transition-duration: 0.01ms !important }
  }
`

/** Links and buttons outside of forms; forms use Web Awesome's. */
export const buttons = css`
  .button {
    display: inline-flex; align-items: center; justify-content: center; gap: 8px; min-height: 44px; padding: 0 20px;
    border: 1px solid transparent; border-radius: 999px; background: var(--accent); color: var(--on-accent);
    font: inherit; font-weight: 600; text-decoration: none; cursor: pointer; transition: background-color 0.15s;
  }
  .button:hover { background: var(--accent-hover); color: var(--on-accent) }
  .button.quiet { background: transparent; border-color: var(--line); color: var(--ink) }
  .button.quiet:hover { background: var(--sunken); color: var(--ink) }
  .button:focus-visible { border-radius: 999px }
  .button:disabled { opacity: 0.5; cursor: default }
`

/** The red badge of everything that is on air. */
export const liveBadge = css`
  .live-badge {
    display: inline-flex; align-items: center; gap: 6px; padding: 3px 10px; border-radius: 999px; background: var(--live);
    color: var(--on-live); font-size: 0.75rem; font-weight: 700; letter-spacing: 0.04em; text-transform: uppercase;
  }
  .live-badge::before { content: ''; width: 7px; height: 7px; border-radius: 50%; background: currentColor; animation: breathe 2s infinite }
  @keyframes breathe { 50% { opacity: 0.35 } }
`

/** Cards of shows and recordings, as many in a row as fit. */
export const cardGrid = css`
  .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 270px), 1fr)); gap: 28px 22px }
`

/**
 * On a phone held upright the picture stays in sight while its chat, or what is written about it, is scrolled. What lies
 * beside it in wider windows must not be its box, or it would leave together with that.
 */
export const stuckPlayer = css`
  @media (max-width: 640px) and (orientation: portrait) {
    :host { --above: 56.25vw }
    .stage { gap: 14px }
    .stage > div { display: contents }
    .stage .about { margin-top: 0 }
    live-player { position: sticky; top: 0; z-index: 3 }
    vod-player { display: contents; --frame-position: sticky; --frame-margin: calc(-1 * var(--gutter)) }
  }
`
