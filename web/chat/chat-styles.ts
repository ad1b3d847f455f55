import { css } from 'lit'

/** What may stand in a message, wherever one is shown. */
export const textStyles = css`
  .emote { height: 1.6em; width: auto; max-width: 6em; vertical-align: -0.4em; object-fit: contain }
  .mention { color: var(--accent); font-weight: 600 }
  .mention.me { padding: 0 4px; border-radius: 4px; background: var(--warn-ink); color: var(--warn-tint) }
  code { padding: 0 4px; border-radius: 4px; background: var(--sunken); font-family: var(--mono); font-size: 0.88em }
`

/** The panel: its frame, its head, and what stands above the messages. */
export const panelStyles = css`
  :host { display: flex; flex-direction: column; position: relative; height: clamp(440px, 46vw, 76vh); border: 1px solid var(--line); border-radius: 18px; background: var(--surface); overflow: hidden }
  header { display: flex; align-items: center; gap: 4px; min-height: 52px; padding: 4px 8px 4px 16px; border-bottom: 1px solid var(--line) }
  header h2 { font-size: 1rem; margin-inline-end: auto }
  .count { display: inline-flex; align-items: center; gap: 6px; padding-inline-end: 6px; color: var(--ink-soft); font-size: 0.875rem; font-variant-numeric: tabular-nums; white-space: nowrap }
  .pulse { width: 8px; height: 8px; border-radius: 50%; background: var(--accent) }
  .pulse.beat { animation: beat 0.9s ease-out }
  @keyframes beat { 0% { box-shadow: 0 0 0 0 color-mix(in srgb, var(--accent) 60%, transparent) } 100% { box-shadow: 0 0 0 9px transparent } }
  .tool { display: inline-grid; place-items: center; width: 40px; height: 40px; padding: 0; border: 0; border-radius: 10px; background: none; color: var(--ink-soft); cursor: pointer }
  .tool:hover, .tool[aria-pressed='true'] { background: var(--sunken); color: var(--ink) }
  .pinned { display: flex; align-items: center; gap: 8px; padding: 4px 8px 4px 16px; min-height: 44px; background: var(--accent-tint); font-size: 0.9rem }
  .pinned p { flex: 1; min-width: 0; max-height: 4.4em; overflow-y: auto; overflow-wrap: anywhere }
  .pinned p:only-child { padding-block: 8px }
  .state { padding: 6px 16px; background: var(--warn-tint); color: var(--warn-ink); font-size: 0.875rem }
  .rules { display: flex; flex-wrap: wrap; gap: 2px 8px; padding: 6px 16px; border-bottom: 1px solid var(--line); background: var(--sunken); color: var(--ink); font-size: 0.82rem }
  chat-list, chat-people, chat-search { flex: 1; min-height: 0 }
  .guest { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 10px; padding: 12px 16px; border-top: 1px solid var(--line); font-size: 0.92rem }
  @media (max-width: 960px) { :host { height: clamp(300px, calc(var(--visible-height, 78dvh) - var(--above, 0px)), 600px); scroll-margin-top: var(--above, 0px) } }
`

/** Buttons that are hardly there, in every part of the chat. */
export const plainButton = css`
  .plain { min-height: 32px; padding: 0 10px; border: 0; border-radius: 8px; background: none; color: inherit; font: inherit; font-size: 0.85rem; font-weight: 600; text-decoration: underline; text-underline-offset: 3px; cursor: pointer }
  .plain:hover { background: var(--sunken) }
  @media (hover: none) { .plain { min-height: 40px } }
`

export const listStyles = css`
  :host { position: relative; display: flex; flex-direction: column }
  ol { position: relative; flex: 1; min-height: 0; overflow-y: auto; overflow-anchor: none; overscroll-behavior: contain; padding: 10px 0; scrollbar-gutter: stable }
  ol:focus-visible { outline-offset: -3px }
  .head { padding: 8px 16px; color: var(--ink-soft); font-size: 0.82rem; text-align: center }
  .newest { position: absolute; inset-block-end: 10px; inset-inline: 0; margin-inline: auto; width: max-content; min-height: 40px; padding: 0 16px; font-size: 0.9rem; box-shadow: var(--shadow) }
  .empty { position: absolute; inset: 0; margin: auto; height: max-content; padding: 24px; color: var(--ink-soft); text-align: center; text-wrap: balance; pointer-events: none }
  .plain { min-height: 40px; padding: 0 12px; border: 0; border-radius: 8px; background: none; color: var(--accent); font: inherit; font-size: 0.85rem; font-weight: 600; cursor: pointer }
  .plain:hover { background: var(--sunken) }
`

/** A line, in the list and wherever else one is shown. */
export const lineStyles = css`
  ${textStyles}
  li[data-id], li.refused, li.waiting { position: relative; display: flex; gap: 8px; padding: 4px 16px; overflow-wrap: anywhere; font-size: 0.94rem; line-height: 1.45; scroll-margin: 40px }
  li[data-id]:hover, li[data-id]:focus, li[data-id]:focus-within { background: var(--sunken) }
  li[data-id]:focus-visible { outline-offset: -3px }
  li.called { background: var(--warn-tint); box-shadow: inset 3px 0 0 var(--warn-ink) }
  li.found { animation: found 2s ease-out }
  @keyframes found { 0%, 40% { background: var(--accent-tint) } }
  li.sys { justify-content: center; padding-block: 2px; color: var(--ink-soft); font-size: 0.82rem; text-align: center }
  li.day { display: flex; align-items: center; gap: 12px; padding: 8px 16px; color: var(--ink-soft); font-size: 0.78rem; font-weight: 600 }
  li.day::before, li.day::after { content: ''; flex: 1; height: 1px; background: var(--line) }
  li.waiting { padding-inline-start: 48px; opacity: 0.6 }
  li.refused { padding-inline-start: 48px; background: var(--bad-tint); color: var(--bad-ink) }
  .why { display: block; font-size: 0.85rem }
  .body { flex: 1; min-width: 0 }
  .avatar { flex: none; display: inline-grid; place-items: center; width: 24px; height: 24px; margin-block-start: 1px; border-radius: 50%; object-fit: cover; color: #fff; font-size: 0.72rem; font-weight: 700; line-height: 1 }
  .name { margin-inline-end: 3px; font-weight: 650 }
  .badge { margin-inline-end: 5px; padding: 1px 6px; border-radius: 999px; background: var(--accent-tint); color: var(--accent); font-size: 0.7rem; font-weight: 700; white-space: nowrap }
  .badge.host { background: var(--accent); color: var(--on-accent) }
  .re { display: flex; align-items: center; gap: 5px; max-width: 100%; min-height: 24px; padding: 0; border: 0; background: none; color: var(--ink-soft); font: inherit; font-size: 0.82rem; text-align: start }
  .re span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  .re svg { flex: none }
  button.re { cursor: pointer }
  button.re:hover { color: var(--ink); text-decoration: underline }
  .text { white-space: pre-line }
  .text.jumbo { font-size: 1.7rem; line-height: 1.3 }
  li:hover code { background: var(--line) }
  .tools { position: absolute; inset-block-start: -6px; inset-inline-end: 10px; z-index: 1; display: none; align-items: center; padding: 2px; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); box-shadow: var(--shadow) }
  li:first-of-type .tools { inset-block-start: 0 }
  li:hover .tools, li:focus .tools, li:focus-within .tools { display: flex }
  .tools time { padding: 0 8px; color: var(--ink-soft); font-size: 0.75rem; font-variant-numeric: tabular-nums }
  .tools button { display: inline-grid; place-items: center; width: 32px; height: 30px; padding: 0; border: 0; border-radius: 8px; background: none; color: var(--ink); cursor: pointer }
  .tools button:hover { background: var(--sunken) }
  @media (hover: none) { .tools button { width: 44px; height: 40px } }
`

export const composerStyles = css`
  :host { position: relative }
  form { display: grid; gap: 6px; padding: 10px 12px 12px; border-top: 1px solid var(--line) }
  .answering { display: flex; align-items: center; justify-content: space-between; gap: 8px; color: var(--ink-soft); font-size: 0.85rem }
  .answering span { display: flex; align-items: center; gap: 6px; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
  .row { display: flex; align-items: flex-end; gap: 6px }
  .field { position: relative; flex: 1; min-width: 0; display: flex }
  textarea { flex: 1; min-width: 0; min-height: 44px; max-height: 132px; field-sizing: content; padding: 10px 46px 10px 14px; border: 1px solid var(--line); border-radius: 16px; background: var(--paper); color: var(--ink); font: inherit; font-size: 16px; line-height: 1.4; resize: none }
  textarea::placeholder { color: var(--ink-soft); opacity: 1 }
  textarea:disabled { opacity: 0.7 }
  .tool { display: inline-grid; place-items: center; width: 40px; height: 40px; padding: 0; border: 0; border-radius: 12px; background: none; color: var(--ink-soft); cursor: pointer }
  .tool:hover { color: var(--ink); background: var(--sunken) }
  .smile { position: absolute; inset-inline-end: 3px; inset-block-end: 2px }
  .send { min-width: 44px; padding: 0 12px; font-variant-numeric: tabular-nums }
  .foot { display: flex; justify-content: flex-end; gap: 8px; color: var(--ink-soft); font-size: 0.78rem; font-variant-numeric: tabular-nums }
  .foot .long { color: var(--bad-ink); font-weight: 650 }
  .choices { position: absolute; inset-inline: 12px; inset-block-end: calc(100% - 6px); z-index: 3; max-height: 240px; overflow-y: auto; padding: 4px; border: 1px solid var(--line); border-radius: 12px; background: var(--surface); box-shadow: var(--shadow) }
  .choices li { display: flex; align-items: center; gap: 8px; min-height: 40px; padding: 0 10px; border-radius: 8px; cursor: pointer }
  .choices li[aria-selected='true'] { background: var(--accent-tint) }
  .choices img { height: 24px; max-width: 48px; object-fit: contain }
  .choices .soft { font-size: 0.85rem }
  emoji-panel { position: absolute; inset-inline: 8px; inset-block-end: calc(100% - 4px); z-index: 3 }
`

/** A page of its own inside of the panel: people, search. */
export const sheetStyles = css`
  :host { display: flex; flex-direction: column; min-height: 0 }
  .bar { display: flex; align-items: center; gap: 4px; padding: 4px 16px 4px 6px; border-bottom: 1px solid var(--line) }
  .bar h3 { font-size: 0.95rem }
  .bar .soft { margin-inline-start: auto; font-size: 0.85rem }
  .tool { display: inline-grid; place-items: center; width: 40px; height: 40px; padding: 0; border: 0; border-radius: 10px; background: none; color: var(--ink-soft); cursor: pointer }
  .tool:hover { background: var(--sunken); color: var(--ink) }
  .scroll { flex: 1; min-height: 0; overflow-y: auto; padding: 8px 0 }
  .note { padding: 12px 16px; color: var(--ink-soft); font-size: 0.9rem }
  .more { display: block; margin: 8px auto }
`
