import { css } from 'lit'

export const chatStyles = css`
  :host { --name-lightness: 34%; --name-saturation: 62%; display: flex; flex-direction: column; height: clamp(420px, 46vw, 76vh); border: 1px solid var(--line); border-radius: 18px; background: var(--surface); overflow: hidden }
  :host-context(.wa-dark) { --name-lightness: 74%; --name-saturation: 70% }
  header { display: flex; align-items: center; justify-content: space-between; gap: 12px; padding: 12px 16px; border-bottom: 1px solid var(--line) }
  header h2 { font-size: 1rem }
  .count { display: inline-flex; align-items: center; gap: 6px; color: var(--ink-soft); font-size: 0.875rem; font-variant-numeric: tabular-nums }
  .pinned { display: flex; gap: 8px; padding: 8px 16px; background: var(--accent-tint); font-size: 0.9rem; overflow-wrap: anywhere }
  .state { padding: 6px 16px; background: var(--warn-tint); color: var(--warn-ink); font-size: 0.875rem }
  .scroll { position: relative; flex: 1; min-height: 0; display: flex }
  ol { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 10px 0; scrollbar-gutter: stable }
  li { position: relative; padding: 3px 16px; overflow-wrap: anywhere; font-size: 0.94rem; line-height: 1.42 }
  li:hover, li:focus-within { background: var(--sunken) }
  li.mine-waiting { opacity: 0.6 }
  li.refused { background: var(--bad-tint); color: var(--bad-ink) }
  .name { font-weight: 650; color: hsl(var(--hue) var(--name-saturation) var(--name-lightness)) }
  .badge { margin-inline-end: 4px; padding: 1px 6px; border-radius: 999px; background: var(--accent-tint); color: var(--accent); font-size: 0.7rem; font-weight: 700 }
  time { align-self: center; padding: 0 6px; color: var(--ink-soft); font-size: 0.75rem; font-variant-numeric: tabular-nums }
  .re { display: block; color: var(--ink-soft); font-size: 0.82rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
  .text { white-space: pre-line }
  .mention { color: var(--accent); font-weight: 600 }
  .mention.me { padding: 0 4px; border-radius: 4px; background: var(--warn-tint); color: var(--warn-ink) }
  code { padding: 0 4px; border-radius: 4px; background: var(--sunken); font-family: var(--mono); font-size: 0.88em }
  .tools { position: absolute; inset-block-start: 1px; inset-inline-end: 10px; display: none; gap: 2px; padding: 2px; border: 1px solid var(--line); border-radius: 9px; background: var(--surface); box-shadow: var(--shadow) }
  li:hover .tools, li:focus-within .tools { display: flex }
  .tools button, .plain { min-height: 32px; padding: 0 8px; border: 0; border-radius: 7px; background: none; color: var(--ink); font: inherit; font-size: 0.8rem; cursor: pointer }
  .tools button:hover, .plain:hover { background: var(--sunken) }
  .tools .bad { color: var(--bad-ink) }
  .newest { position: absolute; inset-block-end: 10px; inset-inline: 0; margin-inline: auto; width: max-content; min-height: 36px; padding: 0 14px }
  .empty { margin: auto; padding: 24px; color: var(--ink-soft); text-align: center; text-wrap: balance }
  form { display: grid; gap: 6px; padding: 10px 12px 12px; border-top: 1px solid var(--line) }
  .answering { display: flex; align-items: center; justify-content: space-between; gap: 8px; color: var(--ink-soft); font-size: 0.85rem }
  .answering span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  .row { display: flex; align-items: flex-end; gap: 8px }
  textarea { flex: 1; min-height: 44px; max-height: 132px; field-sizing: content; padding: 10px 14px; border: 1px solid var(--line); border-radius: 16px; background: var(--paper); color: var(--ink); font: inherit; font-size: 16px; resize: none }
  textarea:disabled { opacity: 0.6 }
  .foot { display: flex; justify-content: space-between; gap: 8px; color: var(--ink-soft); font-size: 0.78rem }
  .foot .long { color: var(--bad-ink); font-weight: 650 }
  .guest { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 10px; padding: 12px 16px; border-top: 1px solid var(--line); font-size: 0.92rem }
  @media (max-width: 960px) { :host { height: min(560px, 70vh) } }
  @media (hover: none) { .tools button { min-height: 40px } }
`
