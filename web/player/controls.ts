import { css } from 'lit'
import 'media-chrome/dist/media-controller.js'
import 'media-chrome/dist/media-control-bar.js'
import 'media-chrome/dist/media-play-button.js'
import 'media-chrome/dist/media-mute-button.js'
import 'media-chrome/dist/media-volume-range.js'
import 'media-chrome/dist/media-time-range.js'
import 'media-chrome/dist/media-preview-thumbnail.js'
import 'media-chrome/dist/media-preview-time-display.js'
import 'media-chrome/dist/media-fullscreen-button.js'
import 'media-chrome/dist/media-pip-button.js'
import 'media-chrome/dist/media-loading-indicator.js'
import 'media-chrome/dist/menu/media-chrome-menu-item.js'
import 'media-chrome/dist/menu/media-rendition-menu.js'
import 'media-chrome/dist/menu/media-rendition-menu-button.js'
import { currentLocale } from '../locale.ts'

/** Autoplay with sound where the browser lets us, muted where it does not. True: it was muted. */
export async function startPlaying(video: HTMLVideoElement): Promise<boolean> {
  try {
    await video.play()
    return false
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || video.muted) return false
    video.muted = true
    await video.play().catch(() => undefined)
    return true
  }
}

/** media-chrome's own words in the page's language. */
export async function translateControls(): Promise<void> {
  if (currentLocale() === 'ru') await import('./controls-ru.ts')
}

/** The look of both players. The picture is dark in both themes, so its controls are light in both. */
export const playerStyles = css`
  .frame { position: relative; width: 100%; aspect-ratio: 16 / 9; border-radius: var(--player-radius, 18px); overflow: hidden; background: #070a09; color: #fff }
  .frame:fullscreen { border-radius: 0; aspect-ratio: auto; height: 100% }
  canvas { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: contain }
  media-controller {
    position: absolute; inset: 0; width: 100%; height: 100%;
    --media-background-color: transparent; --media-primary-color: #fff; --media-text-color: #fff; --media-icon-color: #fff;
    --media-font-family: var(--font); --media-font-size: 14px; --media-control-background: transparent; --media-control-hover-background: rgb(255 255 255 / 14%);
    --media-range-bar-color: #5fd0b6; --media-range-track-background: rgb(255 255 255 / 28%); --media-range-track-height: 4px; --media-range-track-border-radius: 2px;
    --media-range-thumb-background: #fff; --media-range-thumb-width: 13px; --media-range-thumb-height: 13px; --media-range-thumb-border-radius: 50%;
    --media-preview-thumbnail-border-radius: 8px; --media-preview-thumbnail-border: 2px solid #fff; --media-preview-time-background: rgb(7 10 9 / 80%);
    --media-preview-time-border-radius: 6px; --media-preview-time-padding: 2px 8px; --media-box-border-radius: 8px; --media-preview-background: transparent;
    --media-menu-background: rgb(16 22 20 / 96%); --media-menu-border-radius: 12px; --media-menu-border: 1px solid rgb(255 255 255 / 12%);
    --media-settings-menu-min-width: 10em; --media-tooltip-background-color: rgb(16 22 20 / 96%); --media-tooltip-border-radius: 8px;
    --media-focus-box-shadow: inset 0 0 0 2px #5fd0b6; --media-live-button-indicator-color: #ff6f59; --media-loading-indicator-icon-height: 72px;
  }
  video { width: 100%; height: 100%; object-fit: contain; outline: none }
  .shade { position: absolute; left: 0; right: 0; bottom: 0; height: 120px; background: linear-gradient(transparent, rgb(0 0 0 / 72%)); pointer-events: none !important }
  media-time-range, media-control-bar { position: relative }
  media-time-range { width: 100%; height: 26px; padding: 0 14px; --media-control-hover-background: transparent; --media-control-background: transparent }
  media-control-bar { padding: 0 6px 8px; align-items: center; background: transparent; --media-control-height: 24px; --media-button-padding: 10px }
  media-control-bar > * { border-radius: 999px }
  .gap { flex: 1; align-self: stretch; background: transparent; pointer-events: none }
  media-volume-range { width: 84px }
  media-rendition-menu, media-playback-rate-menu { line-height: 1.6 }
  media-rendition-menu, media-playback-rate-menu { bottom: 74px; right: 12px; font-size: 14px }
  .over { position: absolute; inset: 0; display: grid; place-content: center; justify-items: center; gap: 12px; padding: 20px; text-align: center; background: rgb(7 10 9 / 62%); pointer-events: none; line-height: 1.5 }
  .over p { max-width: 30em; font-weight: 560; text-wrap: balance }
  .frame:has(.over:not([hidden])) media-loading-indicator { display: none }
  .spin { width: 34px; height: 34px; border: 3px solid rgb(255 255 255 / 30%); border-top-color: #fff; border-radius: 50%; animation: spin 0.9s linear infinite }
  @keyframes spin { to { transform: rotate(1turn) } }
  .unmute { position: absolute; left: 14px; top: 14px; display: inline-flex; align-items: center; gap: 8px; min-height: 44px; padding: 0 18px; border: 0; border-radius: 999px; background: #fff; color: #17201d; font: 600 0.9375rem var(--font); cursor: pointer; box-shadow: 0 4px 18px rgb(0 0 0 / 35%) }
  @media (max-width: 640px) {
    media-volume-range { display: none }
    media-control-bar { --media-button-padding: 10px 7px; padding: 0 4px 4px }
    .over { font-size: 0.875rem }
    .unmute { min-height: 40px; padding: 0 13px; font-size: 0.8125rem; left: 10px; top: 10px }
  }
`
