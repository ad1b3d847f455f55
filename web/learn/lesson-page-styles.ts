import { css } from 'lit'

/** The lesson with its two neighbours: beside it on a desktop, under tabs on a phone. */
export const lessonPageStyles = css`
  .layout { display: grid; grid-template-columns: minmax(0, 1fr) minmax(300px, 360px); gap: 28px; align-items: start }
  .main { min-width: 0 }
  .path { margin-bottom: 12px }
  .path a { display: inline-flex; align-items: center; gap: 4px; min-height: 32px; text-decoration: none; color: var(--ink-soft) }
  .path a:hover { color: var(--ink) }
  .bone { aspect-ratio: 16 / 9; border-radius: 18px; background: var(--sunken) }
  .about { display: grid; gap: 16px; margin-top: 20px; min-width: 0 }
  h1 { overflow-wrap: anywhere }
  .facts { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 14px }
  .file { display: inline-flex; align-items: center; gap: 10px; min-height: 48px; padding: 8px 18px; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); text-decoration: none; overflow-wrap: anywhere }
  .file:hover { border-color: var(--accent) }
  .ways { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 12px; margin-top: 12px; padding-top: 20px; border-top: 1px solid var(--line) }
  .done { display: inline-flex; align-items: center; gap: 8px; color: var(--accent); font-weight: 620 }
  .tabs { display: flex; gap: 4px; margin-top: 16px; padding: 4px; border-radius: 999px; background: var(--sunken); width: max-content; max-width: 100% }
  .tabs button { min-height: 40px; padding: 0 18px; border: 0; border-radius: 999px; background: none; color: var(--ink-soft); font: inherit; font-weight: 600; cursor: pointer }
  .tabs button[aria-pressed='true'] { background: var(--surface); color: var(--ink); box-shadow: var(--shadow) }
  aside { position: sticky; top: 16px; max-height: calc(100vh - 32px); overflow-y: auto }
  aside chat-panel, aside lesson-replay { height: calc(100vh - 240px); min-height: 420px }
  notice-box { margin-bottom: 16px }
  .locked { display: grid; grid-template-columns: minmax(0, 1fr) 350px; gap: 32px; align-items: center; padding-top: 4vh }
  .locked > div { display: grid; justify-items: start; gap: 14px; color: var(--ink) }
  .locked svg { color: var(--ink-soft) }
  @media (min-width: 961px) {
    .main .tabs { display: none }
    aside .tabs { margin: 0 0 12px; width: 100% }
    aside .tabs button { flex: 1; padding: 0 6px }
  }
  @media (max-width: 960px) {
    .layout, .locked { grid-template-columns: minmax(0, 1fr) }
    .layout { gap: 16px }
    .behind, aside .tabs { display: none }
    aside { position: static; max-height: none }
    aside chat-panel, aside lesson-replay { height: min(560px, 70vh) }
    .tabs { width: 100% }
    .tabs button { flex: 1; padding: 0 8px }
  }
  @media (max-width: 640px) { lesson-video, .bone { margin-inline: calc(-1 * var(--gutter)); --player-radius: 0 } .bone { border-radius: 0 } .about { margin-top: 14px } .ways .state:not(:empty) { order: -1; flex: 1 1 100% } }
`
