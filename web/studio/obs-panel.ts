import { msg, updateWhenLocaleChanges } from '@lit/localize'
import { css, html, LitElement } from 'lit'
import { base } from '../ui/styles.ts'
import { panel } from './panel-styles.ts'

/** OBS in three steps, the settings that matter, and what to look at when nothing arrives. */
export class ObsPanel extends LitElement {
  static override styles = [
    base,
    panel,
    css`
      ol { counter-reset: step; display: grid; gap: 20px; margin-top: 16px }
      ol > li { counter-increment: step; display: grid; grid-template-columns: 34px minmax(0, 1fr); gap: 14px }
      ol > li::before { content: counter(step); display: grid; place-items: center; width: 34px; height: 34px; border-radius: 50%; background: var(--accent-tint); color: var(--accent); font-weight: 700 }
      strong { display: block }
      dl { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: 6px 18px; margin-top: 10px; padding: 14px 18px; border-radius: var(--radius-small); background: var(--sunken); font-size: 0.9375rem }
      dt { color: var(--ink-soft) }
      dd { font-weight: 560 }
      details { margin-top: 24px; border-top: 1px solid var(--line); padding-top: 14px }
      summary { cursor: pointer; font-weight: 620; padding: 6px 0 }
      details ul { display: grid; gap: 10px; padding: 8px 0 0 20px; list-style: disc }
      @media (max-width: 480px) { dl { grid-template-columns: minmax(0, 1fr); gap: 0 } dd { margin-bottom: 8px } }
    `,
  ]

  constructor() {
    super()
    updateWhenLocaleChanges(this)
  }

  protected override render() {
    return html`<section class="panel" aria-labelledby="obs">
      <h2 id="obs">${msg('OBS in three steps')}</h2>
      <ol>
        <li><div>
          <strong>${msg('Settings, Stream')}</strong>
          <span class="soft">${msg('Service: Custom… Paste the server and the stream key of this page.')}</span>
        </div></li>
        <li><div>
          <strong>${msg('Settings, Output: mode Advanced, Streaming')}</strong>
          <dl>
            <dt>${msg('Keyframe interval')}</dt><dd>${msg('1 s')}</dd>
            <dt>${msg('Encoder')}</dt><dd>${msg('x264, or NVENC, QuickSync, Apple VT (H.264)')}</dd>
            <dt>${msg('Rate control, bitrate')}</dt><dd>${msg('CBR, 2,500 kbit/s for 720p to 6,000 kbit/s for 1080p')}</dd>
            <dt>${msg('x264: preset, tune')}</dt><dd>veryfast, zerolatency</dd>
            <dt>${msg('NVENC: B-frames, tuning')}</dt><dd>${msg('0, Ultra Low Latency')}</dd>
            <dt>${msg('Audio')}</dt><dd>AAC, 48 kHz, 128–160 kbit/s</dd>
          </dl>
        </div></li>
        <li><div>
          <strong>${msg('Start Streaming')}</strong>
          <span class="soft">${msg('This page turns live by itself within seconds. "Stop Streaming" ends the show, and the recording is ready.')}</span>
        </div></li>
      </ol>
      <details>
        <summary>${msg('Nothing arrives?')}</summary>
        <ul>
          <li>${msg('OBS says "Failed to connect": the server address is mistyped, or a firewall closes its port. Copy the address again.')}</li>
          <li>${msg('OBS says "Invalid stream key", or stops at once: copy the key again. A key that was replaced is refused.')}</li>
          <li>${msg('OBS streams, but this page stays dark: the codec must be H.264 and AAC. HEVC and AV1 are not taken.')}</li>
          <li>${msg('The square at the bottom of OBS is yellow or red: your upload is too slow for the bitrate. Lower it.')}</li>
        </ul>
      </details>
    </section>`
  }
}
customElements.define('obs-panel', ObsPanel)

declare global {
  interface HTMLElementTagNameMap {
    'obs-panel': ObsPanel
  }
}
