import { html, svg, type TemplateResult } from 'lit'

/** Drawn for a 24 px box, stroked with the text's colour. */
export const iconPaths = {
  alert: 'M12 8v5m0 3.5v.01M10.3 3.9 2.6 17.3A2 2 0 0 0 4.3 20.3h15.4a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0Z',
  'arrow-down': 'M12 5v14m-6-6 6 6 6-6',
  'arrow-up': 'M12 19V5m-6 6 6-6 6 6',
  bell: 'M18 10a6 6 0 1 0-12 0c0 5-2 6.5-2 6.5h16S18 15 18 10Zm-8 9.5a2.2 2.2 0 0 0 4 0',
  'bell-off': 'M17.9 11V10A6 6 0 0 0 8 5.5M6.1 9.2 6 10c0 5-2 6.5-2 6.5h12.5M10 19.5a2.2 2.2 0 0 0 4 0M4 3.5l16 17',
  book: 'M12 6.5C10 5 7.5 4.5 3.5 4.5v14c4 0 6.5.5 8.5 2 2-1.5 4.5-2 8.5-2v-14c-4 0-6.5.5-8.5 2Zm0 0v14',
  broadcast:
    'M12 13.5a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3ZM8 16a5.6 5.6 0 0 1 0-8m8 0a5.6 5.6 0 0 1 0 8M5.2 18.8a9.6 9.6 0 0 1 0-13.6m13.6 0a9.6 9.6 0 0 1 0 13.6',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  'chevron-down': 'm6 9 6 6 6-6',
  'chevron-left': 'm15 6-6 6 6 6',
  'chevron-right': 'm9 6 6 6-6 6',
  'circle-check': 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm-4-9 3 3 5-6',
  clipboard:
    'M9 4.5H6.5A1.5 1.5 0 0 0 5 6v13.5A1.5 1.5 0 0 0 6.5 21h11a1.5 1.5 0 0 0 1.5-1.5V6a1.5 1.5 0 0 0-1.5-1.5H15M9 3h6v3.5H9zM9 11h6m-6 4h4',
  copy: 'M9 9h10a1.5 1.5 0 0 1 1.5 1.5V20a1.5 1.5 0 0 1-1.5 1.5H9A1.5 1.5 0 0 1 7.5 20v-9.5A1.5 1.5 0 0 1 9 9ZM4.5 15H4A1.5 1.5 0 0 1 2.5 13.5V4A1.5 1.5 0 0 1 4 2.5h9.5A1.5 1.5 0 0 1 15 4v.5',
  edit: 'M4 20h4L19 9l-4-4L4 16v4Zm9-13 4 4',
  eye: 'M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7S2 12 2 12Zm10 3a3 3 0 1 0 0-6 3 3 0 0 0 0 6Z',
  'eye-slash':
    'm3 3 18 18M10.6 5.1A10.6 10.6 0 0 1 12 5c6.4 0 10 7 10 7a17 17 0 0 1-3.2 4M6.3 6.4A17 17 0 0 0 2 12s3.6 7 10 7a10 10 0 0 0 5.6-1.7M9.9 9.9a3 3 0 0 0 4.2 4.2',
  file: 'M13 3H7a1.5 1.5 0 0 0-1.5 1.5v15A1.5 1.5 0 0 0 7 21h10a1.5 1.5 0 0 0 1.5-1.5V8.5L13 3Zm0 0v5.5h5.5',
  filter: 'M4 6h16M7 12h10m-7 6h4',
  globe:
    'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM3 12h18M12 3c2.5 2.7 3.7 5.7 3.7 9s-1.2 6.3-3.7 9c-2.5-2.7-3.7-5.7-3.7-9S9.5 5.7 12 3Z',
  grip: 'M9 6v.01M9 12v.01M9 18v.01M15 6v.01M15 12v.01M15 18v.01',
  info: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-10v5.5M12 7.5v.01',
  lock: 'M6 11h12v9H6zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5Z',
  more: 'M6 12v.01M12 12v.01M18 12v.01',
  pin: 'M9 4h6l-.7 6.2 3.2 3.3v1.5h-11v-1.5l3.2-3.3L9 4Zm3 11v5.5',
  play: 'M7 4.5v15l12.5-7.5L7 4.5Z',
  plus: 'M12 5v14M5 12h14',
  question: 'M9 9a3 3 0 1 1 4.5 2.6c-.9.5-1.5 1.2-1.5 2.4m0 3.5v.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z',
  reply: 'M9.5 6 4 11.5 9.5 17M4 11.5h9a7 7 0 0 1 7 7',
  rotate: 'M20 11a8 8 0 1 0-.7 4.5M20 4.5V11h-6.5',
  search: 'M10.5 17.5a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2L21 21',
  star: 'm12 3.5 2.6 5.4 5.9.8-4.3 4.2 1 5.9L12 17l-5.2 2.8 1-5.9L3.5 9.7l5.9-.8L12 3.5Z',
  send: 'M4 12 20.5 4.5 16 20l-4.5-6L4 12Zm7.5 2 4-4.5',
  sliders:
    'M4 7h9m5 0h2M4 17h2m5 0h9M15.5 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Zm-7 10a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z',
  smile: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18ZM8.2 14.2a4.6 4.6 0 0 0 7.6 0M9 9.5v.01M15 9.5v.01',
  stop: 'M6.5 6.5h11v11h-11z',
  sun: 'M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM12 2v2.5m0 15V22M4.9 4.9l1.8 1.8m10.6 10.6 1.8 1.8M2 12h2.5m15 0H22M4.9 19.1l1.8-1.8M17.3 6.7l1.8-1.8',
  system: 'M4 5h16v11H4zM9 20h6m-3-4v4',
  trash: 'M4 7h16M9.5 7V4.5h5V7M6.5 7l.8 13h9.4l.8-13M10.5 11v5.5m3-5.5v5.5',
  user: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-8 8.5c1.2-3.5 4.3-5.5 8-5.5s6.8 2 8 5.5',
  users:
    'M9 11.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Zm-7 8c.8-3.3 3.4-5 7-5s6.2 1.7 7 5m-.5-14.8a3.5 3.5 0 0 1 0 6.6M18.5 15c1.9.7 3 2.2 3.5 4.5',
  volume: 'M4 9.5v5h3.5L12 19V5L7.5 9.5H4Zm12-1a5 5 0 0 1 0 7',
  'volume-off': 'M4 9.5v5h3.5L12 19V5L7.5 9.5H4Zm12 .5 5 5m0-5-5 5',
  xmark: 'm6 6 12 12M18 6 6 18',
} as const

export type IconName = keyof typeof iconPaths

/** Decoration beside words: hidden from screen readers. */
export function icon(name: IconName, size = 20): TemplateResult {
  return html`<svg aria-hidden="true" width=${size} height=${size} viewBox="0 0 24 24" fill="none" stroke="currentColor"
    stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round">${svg`<path d=${iconPaths[name]}></path>`}</svg>`
}
