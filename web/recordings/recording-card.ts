import { html, type TemplateResult } from 'lit'
import type { RecordingJson } from '../../server/vod/contract.ts'
import { durationText, relativeText } from '../ui/format.ts'
import '../ui/media-card.ts'

/**
 * @param nowMs by the server's clock
 * @param isAmongOthers of other channels: it has its channel's picture
 */
export function recordingCard(recording: RecordingJson, nowMs: number, isAmongOthers = false): TemplateResult {
  return html`<li>
    <media-card
      href="/recordings/${recording.id}"
      heading=${recording.title}
      .picture=${recording.thumbnail_url}
      .widths=${recording.thumbnail_widths}
      .channel=${isAmongOthers ? recording.channel : null}
      corner=${durationText(recording.duration_seconds)}
    >
      ${recording.channel.title} · <time datetime=${recording.created_at}>${relativeText(recording.created_at, nowMs)}</time>
    </media-card>
  </li>`
}
